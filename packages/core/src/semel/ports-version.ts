import { SemelError } from "../errors/semel-error.ts";

/**
 * The version of what core and adapters say to each other: the ports `Queue` and `JobStore`. It is raised when an adapter that was
 * written against the version before would do wrong, which its types may not show. A literal type, so that an adapter of ours
 * that says an old one does not compile.
 */
export type PortsVersion = 1;

const spoken: PortsVersion = 1;

/**
 * An application may have several copies of core, and they understand each other, as long as they are of versions that fit. Of two
 * that do not, it hears here, and not from a job that is lost.
 *
 * @param what `queue` or `store`
 * @throws `CORE_INCOMPATIBLE`.
 */
export function checkPorts(what: "queue" | "store", port: { readonly ports?: number | undefined }): void {
  // Whoever wrote an adapter of their own need not say it.
  if (port.ports === undefined || port.ports === spoken) return;
  const older = port.ports < spoken ? `the ${what}'s package` : "@semel/core";
  throw new SemelError(
    "CORE_INCOMPATIBLE",
    `the ${what} was made for version ${port.ports} of Semel's ports, and this @semel/core has version ${spoken}: ` +
      `update ${older}, and let "npm ls @semel/core" show one version`,
    { details: { what, expected: spoken, got: port.ports } },
  );
}
