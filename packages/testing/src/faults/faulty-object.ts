/** `own` where it has the member, else what `behind` has; methods stay those of the object they belong to. */
export function inFrontOf<T extends object, O extends object>(behind: T, own: O): T & O {
  const bound = new Map<PropertyKey, unknown>();
  return new Proxy(behind, {
    get(target, name) {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name);
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      if (!bound.has(name)) bound.set(name, member.bind(target));
      return bound.get(name);
    },
    has: (target, name) => Object.hasOwn(own, name) || name in target,
  }) as T & O;
}
