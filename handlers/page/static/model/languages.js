// Languages of the apps: what is missing until posts run in one, and a form for the wordings that people type.

import { ApiError, send, sentenceOf } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { fill, h } from "../lib/dom.js";
import { appIcon, appName, badge, field, fold, whileBusy } from "../lib/parts.js";
import { spoken } from "../lib/spoken.js";
import { languageName, t } from "../lib/texts.js";
import { toast } from "../lib/toasts.js";

/**
 * @typedef {{ word: string, kind: "stop" | "publish", english: string[], sentence: string }} Missing
 *
 * @typedef {object} AppLanguage as in docs/api.md
 * @property {string} platform
 * @property {string} language
 * @property {string} name
 * @property {boolean} covered
 * @property {boolean} shipped
 * @property {Missing[]} missing
 * @property {{ word: string, kind: string, texts: string[], id: number }[]} given
 */

/** Languages that can be chosen; any other one comes up by itself once a phone speaks it. */
const CODES = "ar cs da de el es fi fr he hi hu id it ja ko ms nb nl pl pt ro ru sv th tr uk vi zh".split(" ");

/** @param {AppLanguage} one @param {AppLanguage} other */
export function sameLanguage(one, other) {
  return one.platform === other.platform && one.language === other.language;
}

/** Asks for a language of an app that no phone speaks yet. @param {(one: { platform: string, language: string }) => Promise<void>} chosen */
export async function askLanguage(chosen) {
  const platform = h(
    "select",
    { name: "platform" },
    ["tiktok", "instagram"].map((app) => h("option", { value: app }, appName(app))),
  );
  const named = CODES.map((code) => [code, languageName(code)]).toSorted(([, one], [, other]) =>
    (one ?? "").localeCompare(other ?? ""),
  );
  const language = h(
    "select",
    { name: "language" },
    named.map(([code, name]) => h("option", { value: code }, name)),
  );
  await ask({
    title: t("teach.add_language"),
    lines: [t("teach.add_language_line")],
    form: h("div", { class: "stack" }, field(t("rehearsals.app"), platform), field(t("teach.which_language"), language)),
    verb: t("teach.add_language"),
    send: () => chosen({ platform: platform.value, language: language.value }),
  });
}

/** A wording for people: of a pattern, what it would find. @param {string} wording */
function shown(wording) {
  if (!/^\/.+\/$/.test(wording)) return wording;
  let text = wording.slice(1, -1).replace(/[\^$]/g, "").replaceAll("\\b", "");
  for (let before = ""; before !== text; ) {
    before = text;
    text = text.replace(/\(([^()]*)\)(\?)?/g, (_, inner, maybe) => (maybe ? "" : inner.split("|")[0]));
  }
  return `${text.split("|")[0]?.replace(/\s+/g, " ").trim()}…`;
}

/** One language of one app. @param {AppLanguage} one @param {() => Promise<void>} after */
export function languageCard(one, after) {
  const name = t("teach.language_of", { language: languageName(one.language) || one.name, app: appName(one.platform) });
  const typed = one.missing.filter(({ kind }) => kind === "stop");
  const seen = one.missing.filter(({ kind }) => kind === "publish");
  return h(
    "section",
    { class: "card language", "aria-label": name },
    h(
      "div",
      { class: "spread" },
      h("h3", { class: "with-icon" }, appIcon(one.platform), h("span", null, name)),
      one.covered ? badge("good", t("teach.covered")) : badge("warn", t("teach.missing", { n: one.missing.length })),
    ),
    !one.covered && h("p", null, t("teach.why_missing")),
    seen.length > 0 && [
      h("p", { class: "calm small-text" }, t("teach.from_picture")),
      h(
        "ul",
        { class: "word-list" },
        seen.map((word) =>
          h(
            "li",
            null,
            h("b", null, `“${shown(word.english[0] ?? word.word)}”`),
            " ",
            h("span", { class: "calm" }, spoken(word.sentence)),
          ),
        ),
      ),
    ],
    typed.length > 0 && wordsForm(one, typed, after),
    one.given.length > 0 &&
      fold(
        t("teach.given", { n: one.given.length }),
        h(
          "dl",
          { class: "facts" },
          one.given.map((word) => [h("dt", null, word.word), h("dd", null, word.texts.join(" · "))]),
        ),
      ),
  );
}

/** @param {AppLanguage} one @param {Missing[]} words @param {() => Promise<void>} after */
function wordsForm(one, words, after) {
  const problem = h("div", { role: "alert" });
  const inputs = words.map((word) => h("textarea", { name: word.word, rows: 1, autocomplete: "off", lang: one.language }));
  const act = h("button", { type: "submit", class: "button primary" }, t("teach.save_words"));

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    fill(problem);
    const given = Object.fromEntries(
      inputs
        .map((input) => [
          input.name,
          input.value
            .split("\n")
            .map((line) => line.trim())
            .filter(Boolean),
        ])
        .filter(([, texts]) => (texts ?? []).length > 0),
    );
    await whileBusy(
      act,
      send("POST", "/api/v1/teach/words", { platform: one.platform, language: one.language, words: given })
        .then(async (answer) => {
          toast(answer.covered ? t("teach.now_covered") : t("teach.words_saved", { n: answer.missing.length }));
          await after();
        })
        .catch((error) => {
          const lines =
            error instanceof ApiError && error.errors.length > 0
              ? error.errors.map((e) => `${e.field}: ${e.problem}`)
              : [sentenceOf(error)];
          fill(
            problem,
            lines.map((line) => h("p", { class: "problem" }, line)),
          );
        }),
    );
  }

  return fold(
    t("teach.type_words", { n: words.length }),
    h(
      "form",
      { class: "stack words", on: { submit } },
      h("p", { class: "calm small-text" }, t("teach.type_hint")),
      words.map((word, place) =>
        h(
          "label",
          { class: "field" },
          h(
            "span",
            { class: "field-label" },
            word.english
              .slice(0, 3)
              .map((text) => `“${shown(text)}”`)
              .join(", ") || word.word,
          ),
          h("span", { class: "hint" }, spoken(word.sentence)),
          inputs[place],
        ),
      ),
      problem,
      h("div", { class: "buttons" }, act),
    ),
  );
}
