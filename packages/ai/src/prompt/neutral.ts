/** Texts by which chat formats part roles: `<|im_start|>`, `[INST]`, `<<SYS>>`. Linear: no quantifier within another. */
const roleMarkers = /<\|[^|<>\n]{0,40}\|>|\[\/?INST\]|<<\/?SYS>>/gi;

/** The text with nothing in it that could end its frame or open a role: what would is parted by a blank. Nothing is dropped. */
export function withoutControls(text: string, delimiter: string): string {
  const parted = text.replace(roleMarkers, (marker) => `${marker[0]} ${marker.slice(1)}`);
  return parted.includes(delimiter) ? parted.replaceAll(delimiter, "[delimiter]") : parted;
}
