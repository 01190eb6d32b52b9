// Teach: screens that wait for a lesson, one screen with its boxes and what they may mean, what was taught, and languages.

import { get, withQuery } from "../lib/api.js";
import { fill, h, keyed } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { appIcon, appName, badge, button, empty, fold, heading, linkButton, subheading, time } from "../lib/parts.js";
import { go, to } from "../lib/router.js";
import { sentenceSaid } from "../lib/spoken.js";
import { languageName, t } from "../lib/texts.js";
import { day, now } from "../lib/times.js";
import { boxName, boxPicker } from "../model/boxes.js";
import { askLanguage, languageCard, sameLanguage } from "../model/languages.js";
import { lessonForm } from "../model/lesson.js";
import { loadPhones, phoneName, phoneOf } from "../model/phones.js";
import { rehearse, screenName } from "../model/rehearsals.js";
import { exportLink, importRules, loadTaught, taughtRow } from "../model/taught.js";
import { unreadForm } from "../model/unread.js";

/** @typedef {import("../lib/router.js").Visit} Visit */
/** @typedef {import("../model/lesson.js").Pending} Pending */
/** @typedef {import("../model/languages.js").AppLanguage} AppLanguage */

/**
 * @param {Visit} visit
 * @returns {import("../lib/router.js").Screen | Promise<import("../lib/router.js").Screen>}
 */
export default function teach(visit) {
  return visit.id === "" ? overview(visit) : lesson(visit);
}

// --- all ------------------------------------------------------------------------------------------------------

/** @param {Visit} visit @returns {import("../lib/router.js").Screen} */
function overview(visit) {
  const waiting = h("div", { class: "waiting-screens" });
  const none = h("div", { hidden: true }, empty(t("teach.nothing_waits")));
  const rules = h("ul", { class: "list" });
  const noRules = h("div", { hidden: true }, empty(t("teach.no_rules")));
  const leftOut = h("ul", { class: "reasons" });
  const languages = h("div", { class: "stack" });
  const exports = h("div", { class: "buttons" });
  let said = "-";
  /** @type {{ platform: string, language: string }[]} */
  const added = [];

  async function load() {
    const filters = { platform: visit.params.get("app"), serial: visit.params.get("phone") };
    const [screens, taught, phones] = await Promise.all([
      get(withQuery("/api/v1/teach/screens", filters), { signal: visit.signal }),
      loadTaught(filters.platform ?? "", visit.signal),
      get(withQuery("/api/v1/teach/languages", { platform: filters.platform }), { signal: visit.signal }),
      loadPhones(),
    ]);
    const more = await Promise.all(added.map((one) => get(withQuery("/api/v1/teach/languages", one), { signal: visit.signal })));
    /** @type {Pending[]} */
    const open = screens.screens.filter((/** @type {Pending} */ one) => one.sentence !== "" && !one.taught);
    none.hidden = open.length > 0;
    keyed(
      waiting,
      alike(open),
      ([one]) => one?.id ?? "",
      ([one, ...others]) => pendingCard(/** @type {Pending} */ (one), others),
      day(now()) + phoneName(""),
    );
    noRules.hidden = taught.taught.length > 0;
    keyed(
      rules,
      /** @type {import("../model/taught.js").Taught[]} */ (taught.taught),
      (one) => one.id,
      (one) => taughtRow(one, visit.reload),
      day(now()),
    );
    fill(
      leftOut,
      taught.left_out.map((/** @type {string} */ line) => h("li", null, icon("alert"), line)),
    );
    const apps = new Set(taught.taught.map((/** @type {{ platform: string }} */ one) => one.platform));
    fill(
      exports,
      [...apps].map(exportLink),
      button(t("teach.import"), () => importRules(visit.reload), { icon: "upload" }),
    );
    drawLanguages(
      phones.languages,
      more.flatMap((answer) => answer.languages),
    );
  }

  /** What a person types must not go when the hub changes meanwhile. @param {AppLanguage[]} all @param {AppLanguage[]} more asked for by the reader */
  function drawLanguages(all, more) {
    // A language that the files know by themselves needs nobody.
    const known = all.filter((one) => !one.shipped || one.given.some(({ id }) => id > 0));
    const shown = [...more.filter((one) => !known.some((other) => sameLanguage(one, other))), ...known];
    const facts = JSON.stringify(shown);
    if (facts === said) return;
    said = facts;
    fill(
      languages,
      shown.map((one) => languageCard(one, visit.reload)),
      shown.length === 0 && h("p", { class: "calm" }, t("teach.no_language")),
    );
  }

  return {
    title: t("teach.title"),
    node: h(
      "div",
      { class: "teach-page" },
      heading(t("teach.title"), linkButton(t("compat.title"), to("compat"), { icon: "phones" })),
      h("p", { class: "calm" }, t("teach.intro")),
      subheading(t("teach.waiting")),
      waiting,
      none,
      subheading(t("teach.rules"), exports),
      leftOut,
      rules,
      noRules,
      subheading(
        t("teach.languages"),
        button(t("teach.add_language"), () =>
          askLanguage(async (one) => {
            added.unshift(one);
            await visit.reload();
          }),
        ),
      ),
      languages,
    ),
    load,
  };
}

/** Screens of which one lesson most likely teaches all stand together, newest first. @param {readonly Pending[]} all */
function alike(all) {
  /** @type {Map<string, Pending[]>} */
  const groups = new Map();
  for (const one of all) {
    const key = JSON.stringify([one.platform, one.app_version, one.language, one.read_as, one.kind, one.sentence]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}

/** @param {Pending} one @param {readonly Pending[]} others that are the same screen, as far as can be said */
function pendingCard(one, others) {
  return h(
    "article",
    { class: "card pending" },
    one.picture ? h("img", { src: one.picture, alt: "", loading: "lazy" }) : h("span", { class: "no-picture" }, icon("eye")),
    h(
      "div",
      { class: "pending-text" },
      h("h3", null, screenName(one.read_as)),
      h("p", { class: "small-text" }, sentenceSaid(one.sentence)),
      factsLine(one),
      h(
        "div",
        { class: "buttons" },
        linkButton(t("teach.say"), to("teach", one.id), { kind: "primary", icon: "hand" }),
        sourceLink(one),
      ),
      others.length > 0 &&
        fold(
          t("teach.alike", { n: others.length }),
          h(
            "ul",
            { class: "rows" },
            others.map((other) =>
              h("li", { class: "spread" }, factsLine(other), h("a", { href: to("teach", other.id) }, t("teach.this_one"))),
            ),
          ),
        ),
    ),
  );
}

/** @param {Pending} one */
function factsLine(one) {
  const app = `${appName(one.platform)} ${one.app_version}`.trim();
  const facts = [app, languageName(one.language), phoneName(one.serial)].filter(Boolean).join(" · ");
  return h(
    "p",
    { class: "calm small-text with-icon" },
    appIcon(one.platform),
    h("span", null, facts, " · ", time(one.taken_at, "when")),
  );
}

/** @param {Pending} one */
function sourceLink(one) {
  const id = String(one.source_id);
  return one.source === "rehearsal"
    ? linkButton(t("rehearsals.number", { id }), to("rehearsal", id), { kind: "quiet" })
    : linkButton(t("tasks.task", { id }), to("task", id), { kind: "quiet" });
}

// --- one ------------------------------------------------------------------------------------------------------

/** @param {Visit} visit @returns {Promise<import("../lib/router.js").Screen>} */
async function lesson(visit) {
  /** @type {[import("../model/lesson.js").Lesson, unknown]} */
  const [given] = await Promise.all([
    get(`/api/v1/teach/screens/${encodeURIComponent(visit.id)}`, { signal: visit.signal }),
    loadPhones(),
  ]);
  const { screen } = given;
  const name = screenName(screen.read_as);
  const done = h("div", { class: "taught-done", role: "status" });
  const online = phoneOf(screen.serial)?.state === "device";
  const one = lessonForm(given, drawDone, online ? rehearseAgain : null);
  const texts =
    given.unread.length > 0
      ? unreadForm(given, {
          mark: (nodes) => picker.mark(nodes),
          rehearse: online ? rehearseAgain : null,
          done: () => void visit.reload(),
          other: () => turnTo(one.form),
        })
      : null;
  const forms = texts === null ? [one.form] : [texts.form, one.form];
  let form = /** @type {HTMLElement} */ (forms[0]);
  const picker = boxPicker({
    picture: screen.picture,
    alt: t("rehearsals.picture_of", { screen: name }),
    size: given.size,
    nodes: given.nodes,
    choose: (box) => (texts !== null && form === texts.form ? texts.choose(box) : one.choose(box, boxName(box))),
  });
  turnTo(form);
  texts?.begin();

  /** @param {HTMLElement} wanted */
  function turnTo(wanted) {
    form = wanted;
    for (const other of forms) other.hidden = other !== wanted;
  }

  function drawDone() {
    form.hidden = true;
    const again = button(t("rehearsals.again"), rehearseAgain, { kind: "primary", icon: "retry" });
    fill(
      done,
      h(
        "div",
        { class: "card stack" },
        badge("good", t("teach.taught_badge")),
        h("p", null, t("teach.taught_line")),
        !online && h("p", { class: "calm" }, t("teach.phone_away", { phone: phoneName(screen.serial) })),
        h(
          "div",
          { class: "buttons" },
          online && again,
          button(t("teach.more_here"), () => {
            fill(done);
            form.hidden = false;
          }),
          linkButton(t("teach.title"), to("teach"), { kind: "quiet" }),
        ),
      ),
    );
    if (online) again.focus();
  }

  async function rehearseAgain() {
    const before = screen.source === "rehearsal" ? await get(`/api/v1/rehearsals/${screen.source_id}`) : null;
    const wish = before === null ? {} : { way: before.way, kind: before.kind };
    const begun = await rehearse(screen.serial, { platform: screen.platform, ...wish });
    go(to("rehearsal", begun.id));
  }

  return {
    title: t("teach.title"),
    node: h(
      "div",
      { class: "stack" },
      h("a", { class: "back", href: to("teach") }, icon("back"), t("teach.title")),
      h(
        "div",
        { class: "lesson-head" },
        h("h1", null, name),
        screen.taught && badge("good", t("teach.taught_badge")),
        screen.sentence && h("p", null, sentenceSaid(screen.sentence)),
        factsLine(screen),
      ),
      given.cut && h("p", { class: "calm small-text" }, t("teach.cut")),
      h("div", { class: "lesson" }, picker.picture, h("div", { class: "stack" }, done, texts?.form, picker.list, one.form)),
    ),
  };
}
