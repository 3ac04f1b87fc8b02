/** The way to a field of a document: keys and list indexes from its root. */
export type FieldPath = readonly (string | number)[];

/** `['mirror', 'additionalImages', 3, 'name']` as `mirror.additionalImages[3].name`; '' for the whole document. */
export function formatField(path: FieldPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    // A key that is no word is quoted, so that it cannot be taken for two.
    const name = /^[A-Za-z_$][\w$-]*$/.test(step) ? step : JSON.stringify(step.slice(0, 100));
    return text === '' ? name : `${text}.${name}`;
  }, '');
}
