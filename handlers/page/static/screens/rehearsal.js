// One rehearsal: the verdict, what came on the screen and by which rules it was recognised, and what to do about it.

import { get } from "../lib/api.js";
import { show } from "../lib/dialogs.js";
import { fill, h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { appIcon, appName, badge, button, fold, linkButton, subheading, time } from "../lib/parts.js";
import { go, to } from "../lib/router.js";
import { sentenceSaid, spokenName } from "../lib/spoken.js";
import { has, languageName, number, t } from "../lib/texts.js";
import { duration } from "../lib/times.js";
import { loadPhones, phoneName, phoneOf } from "../model/phones.js";
import { rehearse, saveButton, screenName, verdictBadge, wayName } from "../model/rehearsals.js";

/** @typedef {import("../model/rehearsals.js").Rehearsal} Rehearsal */
/** @typedef {import("../model/rehearsals.js").SeenScreen} SeenScreen */

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function rehearsal(visit) {
  const name = t("rehearsals.number", { id: visit.id });
  const back = h("a", { class: "back", href: to("phones") }, icon("back"), h("span"));
  const head = h("div", { class: "stack" });
  const acts = h("div", { class: "buttons" });
  const facts = h("div", { class: "card" });
  const screens = h("ol", { class: "list seen" });
  const beside = h("div", { class: "stack" });
  const notes = h("pre", { class: "log", tabindex: 0, "aria-label": t("rehearsals.notes") });
  let seen = "";
  let running = false;

  async function load() {
    const [found] = await Promise.all([
      get(`/api/v1/rehearsals/${encodeURIComponent(visit.id)}`, { signal: visit.signal }),
      loadPhones(),
    ]);
    running = found.state === "running";
    const now = JSON.stringify([found, phoneOf(found.serial)]);
    if (now === seen) return;
    seen = now;
    draw(found);
  }

  /** @param {Rehearsal} one */
  function draw(one) {
    back.href = to("phone", one.serial);
    fill(/** @type {Element} */ (back.lastChild), phoneName(one.serial));
    fill(
      head,
      h("div", { class: "rehearsal-head" }, h("h1", null, name), verdictBadge(one)),
      h("p", { class: `rehearsal-verdict ${one.state}` }, sentenceSaid(one.sentence)),
    );
    fill(
      acts,
      one.state !== "running" &&
        phoneOf(one.serial)?.state === "device" &&
        button(t("rehearsals.again"), () => again(one), { icon: "retry", kind: one.state === "failed" ? "primary" : "plain" }),
      one.state !== "running" && saveButton(one),
      linkButton(t("teach.title"), to("teach"), { icon: "hand", kind: "quiet" }),
    );
    fill(facts, factsOf(one));
    fill(
      screens,
      one.screens.map((screen, place) => screenRow(one, screen, place + 1)),
      one.screens.length === 0 && h("li", { class: "calm" }, t(running ? "rehearsals.none_yet" : "rehearsals.no_screen")),
    );
    fill(
      beside,
      one.state !== "running" && h("div", { class: "card stack" }, h("h2", null, t("rehearsals.checks")), checks(one)),
      one.options.length > 0 && h("div", { class: "card stack" }, h("h2", null, t("rehearsals.options")), options(one)),
      one.changed.length > 0 &&
        h(
          "div",
          { class: "card stack" },
          h("h2", null, t("rehearsals.changed")),
          h(
            "ul",
            { class: "changed" },
            one.changed.map((line) => h("li", null, sentenceSaid(line))),
          ),
        ),
    );
    notes.textContent = one.notes.join("\n");
  }

  /** @param {Rehearsal} one */
  async function again(one) {
    const begun = await rehearse(one.serial, { platform: one.platform, way: one.way, kind: one.kind });
    go(to("rehearsal", begun.id));
  }

  fill(head, h("h1", null, name));
  return {
    title: name,
    node: h(
      "div",
      { class: "stack" },
      back,
      head,
      acts,
      h(
        "div",
        { class: "rehearsal-columns" },
        h("section", null, subheading(t("rehearsals.screens")), screens),
        h("section", { class: "stack", "aria-label": t("rehearsals.facts") }, facts, beside),
      ),
      fold(t("rehearsals.notes"), notes),
    ),
    load,
    tick() {
      if (running) void visit.reload();
    },
  };
}

/** @param {Rehearsal} one */
function factsOf(one) {
  /** @type {[string, import("../lib/dom.js").Kid][]} */
  const rows = [
    [
      t("rehearsals.app"),
      h("span", { class: "who" }, appIcon(one.platform), `${appName(one.platform)} ${one.app_version}`.trim()),
    ],
    [t("rehearsals.what"), wayName(one)],
    [t("rehearsals.language"), languageName(one.language)],
    [t("rehearsals.account"), one.account && `@${one.account}`],
    [t("rehearsals.phone"), h("a", { href: to("phone", one.serial) }, phoneName(one.serial))],
    [t("rehearsals.model"), [one.model, one.android && `Android ${one.android}`].filter(Boolean).join(", ")],
    [t("rehearsals.size"), one.screen[0] > 0 && `${one.screen[0]} × ${one.screen[1]}`],
    [t("rehearsals.font"), one.font_scale > 0 && `${number(Math.round(one.font_scale * 100))} %`],
    [t("rehearsals.began"), time(one.began_at)],
    [t("rehearsals.took"), one.ended_at && duration((Date.parse(one.ended_at) - Date.parse(one.began_at)) / 1000)],
  ];
  return h(
    "dl",
    { class: "facts" },
    rows.filter(([, value]) => value).map(([label, value]) => [h("dt", null, label), h("dd", null, value)]),
  );
}

/** @param {Rehearsal} one @param {SeenScreen} screen @param {number} place */
function screenRow(one, screen, place) {
  const name = screenName(screen.name);
  const alt = t("rehearsals.picture_of", { screen: name });
  const src = `/api/v1/rehearsals/${one.id}/${screen.picture}`;
  const failedHere = one.state === "failed" && place === one.screens.length;
  const kinds = /** @type {Record<string, "bad" | "warn" | "calm">} */ ({ unknown: "bad", human: "warn" });
  const nameless = screen.kind === "unknown" || screen.name === "some_sheet";
  const rules = Object.entries(screen.rules);
  const lesson = to("teach", `rehearsal-${one.id}-${screen.tree.replace(".xml", "")}`);
  const kind = has(`rehearsals.is_${screen.kind}`) ? t(`rehearsals.is_${screen.kind}`) : screen.kind;
  return h(
    "li",
    { class: "seen-screen" },
    screen.picture
      ? h(
          "button",
          {
            type: "button",
            class: "seen-picture",
            "aria-label": alt,
            on: { click: () => void show(alt, h("img", { src, alt })) },
          },
          h("img", { src, alt: "", loading: "lazy" }),
        )
      : h("span", { class: "seen-picture none" }, icon("eye")),
    h(
      "div",
      { class: "seen-text" },
      h(
        "div",
        { class: "seen-name" },
        h("b", null, name),
        screen.kind !== "path" && badge(kinds[screen.kind] ?? "calm", kind, screen.kind === "unknown" ? "question" : "eye"),
        failedHere && screen.kind !== "unknown" && badge("bad", t("rehearsals.ended_here")),
      ),
      h(
        "span",
        { class: "calm small-text" },
        t("rehearsals.at", { at: duration(screen.at_ms / 1000), stayed: duration(screen.stayed_ms / 1000) }),
      ),
      rules.length > 0 &&
        fold(
          t("rehearsals.rules", { n: rules.length }),
          h(
            "ul",
            { class: "rules" },
            rules.map(([, rule]) => h("li", null, h("code", null, rule))),
          ),
        ),
      screen.tree &&
        (failedHere
          ? linkButton(t("teach.say"), lesson, { icon: "hand", kind: "primary" })
          : h(
              "a",
              {
                class: "small-text",
                href: lesson,
                "aria-label": t(nameless ? "teach.say_of" : "teach.misread_of", { screen: name }),
              },
              t(nameless ? "teach.say" : "teach.misread"),
            )),
    ),
  );
}

/** @param {Rehearsal} one */
function checks(one) {
  const all = /** @type {const} */ (["nothing_published", "caption_read", "left", "discarded", "file_removed"]);
  return h(
    "ul",
    { class: "checks" },
    all.map((key) => {
      const words = key === "nothing_published" && !one[key] ? "not_watched" : key;
      return h(
        "li",
        { class: one[key] ? "good" : "calm" },
        icon(one[key] ? "check" : "dot"),
        h(
          "span",
          null,
          t(`rehearsals.${words}`),
          h("span", { class: "sr" }, `: ${t(one[key] ? "rehearsals.yes" : "rehearsals.no")}`),
        ),
      );
    }),
  );
}

/** @param {Rehearsal} one */
function options(one) {
  return h(
    "ul",
    { class: "rows" },
    one.options.map((option) =>
      h(
        "li",
        null,
        h(
          "div",
          { class: "spread" },
          h("span", null, spokenName(option.name)),
          option.detail
            ? badge("bad", t("rehearsals.option_failed"))
            : option.offered
              ? badge("good", t("rehearsals.option_there"))
              : badge("calm", t("rehearsals.option_not_there"), "dot"),
        ),
        option.detail && h("p", { class: "calm small-text" }, sentenceSaid(option.detail)),
      ),
    ),
  );
}
