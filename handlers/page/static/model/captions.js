// Counts of a caption as it is typed, against what the apps take.

/** What the hub refuses beyond; see docs/api.md. @type {Record<string, { chars: number, tags: number }>} */
export const LIMITS = { tiktok: { chars: 4000, tags: 5 }, instagram: { chars: 2200, tags: Number.POSITIVE_INFINITY } };

/**
 * The longest text that a template of alternatives, `{Hello|Hi} all`, can become.
 * @param {string} template
 */
export function longest(template) {
  const chars = [...template];
  const partners = paired(chars);
  let at = 0;

  /** The alternatives up to a brace that ends them. @param {number} end */
  function part(end) {
    let best = "";
    let now = "";
    while (at < end) {
      const char = chars[at] ?? "";
      const partner = partners.get(at);
      at += 1;
      if (char === "\\" && ESCAPED.has(chars[at] ?? "")) {
        now += chars[at];
        at += 1;
      } else if (partner !== undefined) {
        now += part(partner);
        at = partner + 1;
      } else if (char === "|" && end < chars.length) {
        best = longer(best, now);
        now = "";
      } else now += char;
    }
    return longer(best, now);
  }
  return part(chars.length);
}

const ESCAPED = new Set(["{", "}", "|", "\\"]);

/** Where each opening brace that has a partner is closed. @param {string[]} chars */
function paired(chars) {
  /** @type {Map<number, number>} */
  const partners = new Map();
  /** @type {number[]} */
  const open = [];
  for (let at = 0; at < chars.length; at += 1) {
    if (chars[at] === "\\" && ESCAPED.has(chars[at + 1] ?? "")) at += 1;
    else if (chars[at] === "{") open.push(at);
    else if (chars[at] === "}") {
      const begin = open.pop();
      if (begin !== undefined) partners.set(begin, at);
    }
  }
  return partners;
}

/** @param {string} one @param {string} other */
function longer(one, other) {
  return [...other].length > [...one].length ? other : one;
}

/** @param {string} text */
export function counts(text) {
  return { chars: [...text].length, tags: (text.match(/(^|[^\p{L}\p{N}_&#])#[\p{L}\p{N}_]+/gu) ?? []).length };
}
