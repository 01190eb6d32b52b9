// A phone's own page: what it shows, kept fresh while the page is looked at, its accounts, what is wrong, and what it posted.

import { get, raw, send } from "../lib/api.js";
import { fill, h, keyed } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { appName, button, empty, heading, subheading } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { sentenceSaid, spokenName } from "../lib/spoken.js";
import { t } from "../lib/texts.js";
import { day, now, time } from "../lib/times.js";
import { accountBadge, accountLine, loadAccounts } from "../model/accounts.js";
import { adbServers, loadPhones, phoneName, phoneOf } from "../model/phones.js";
import { rehearsalRow, rehearseButton } from "../model/rehearsals.js";
import { taskRow } from "../model/tasks.js";
import { heldUp, labelButton, phoneBadge, phoneButton } from "./phones.js";

const PICTURE_MS = 1500;
const POSTS = 8;
const REHEARSALS = 3;
/** How often it is asked how far a reading has come, and for how long. */
const READ_MS = 1500;
const READ_TRIES = 80;

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {Promise<import("../lib/router.js").Screen>}
 */
export default async function phone(visit) {
  const serial = visit.id;
  const path = `/api/v1/devices/${encodeURIComponent(serial)}`;
  await loadPhones(true);
  const name = phoneName(serial);
  const facts = h("div", { class: "card" });
  const image = h("img", { class: "phone-picture", alt: t("phones.screen_of", { phone: name }), hidden: true });
  const said = h("p", { class: "calm small-text" }, t("phones.no_picture_yet"));
  const accounts = h("ul", { class: "list" });
  const noAccount = h("div", { hidden: true }, empty(t("phones.no_account")));
  const read = h("div", { class: "read-said", role: "status" });
  const findings = h("div", null, h("p", { class: "calm small-text" }, t("phones.findings_hint")));
  const rehearsals = h("ul", { class: "list" });
  const noRehearsal = h("p", { class: "calm small-text", hidden: true }, t("rehearsals.none"));
  const posts = h("ul", { class: "list" });
  const noPost = h("div", { hidden: true }, empty(t("phones.no_post")));
  let timer = 0;
  let url = "";

  async function picture() {
    if (!document.hidden && phoneOf(serial)?.state === "device") {
      try {
        const answer = await raw("GET", `${path}/screenshot`, undefined, { signal: visit.signal });
        if (answer.headers.get("Content-Type")?.startsWith("image/")) {
          URL.revokeObjectURL(url);
          url = URL.createObjectURL(await answer.blob());
          image.src = url;
          image.hidden = false;
          said.textContent = "";
        } else if (image.hidden) {
          const { message } = await answer.json();
          said.textContent = sentenceSaid(message.replace(/^serial: /, ""));
        }
      } catch {
        if (visit.signal.aborted) return;
      }
    }
    timer = setTimeout(() => void picture(), PICTURE_MS);
  }

  async function load() {
    const [, all, tasks, rehearsed] = await Promise.all([
      loadPhones(true),
      loadAccounts(visit.signal),
      get(`/api/v1/task?serial=${encodeURIComponent(serial)}&page_size=${POSTS}`, { signal: visit.signal }),
      get(`${path}/rehearse`, { signal: visit.signal }),
    ]);
    const found = phoneOf(serial);
    if (found === undefined) {
      fill(facts, h("p", null, t("phones.unknown", { phone: serial })));
      return;
    }
    drawFacts(found);
    const here = all.filter((one) => one.device === serial);
    noAccount.hidden = here.length > 0;
    keyed(accounts, here, (one) => one.id, accountRow, day(now()));
    noRehearsal.hidden = rehearsed.total > 0;
    keyed(
      rehearsals,
      rehearsed.rehearsals.slice(0, REHEARSALS),
      (/** @type {any} */ one) => one.id,
      (one) => rehearsalRow(one),
      day(now()),
    );
    noPost.hidden = tasks.tasks.length > 0;
    keyed(
      posts,
      tasks.tasks,
      (/** @type {any} */ one) => one.id,
      (one) => taskRow(one),
      day(now()),
    );
  }

  /** @param {import("../model/phones.js").Phone} found */
  function drawFacts(found) {
    /** @type {[string, import("../lib/dom.js").Kid][]} */
    const rows = [
      [t("phones.serial"), found.serial],
      [t("phones.adb_server"), adbServers().length > 0 ? found.adb_server : ""],
      [t("phones.model"), [found.model, found.android && `Android ${found.android}`].filter(Boolean).join(", ")],
      [t("phones.battery"), batteryOf(found)],
      [t("phones.state_since"), time(found.since)],
    ];
    fill(
      facts,
      h(
        "div",
        { class: "buttons" },
        phoneBadge(found),
        found.current_task !== null &&
          h("a", { href: to("task", found.current_task) }, t("tasks.task", { id: String(found.current_task) })),
      ),
      heldUp(found).map((line) => h("p", { class: "held" }, line)),
      h(
        "dl",
        { class: "facts" },
        rows.filter(([, value]) => value !== "").map(([key, value]) => [h("dt", null, key), h("dd", null, value)]),
      ),
      h(
        "div",
        { class: "buttons" },
        phoneButton(found, visit.reload),
        found.state === "device" && rehearseButton(serial, name, visit.reload),
        labelButton(found, visit.reload),
      ),
    );
  }

  /** @param {import("../model/accounts.js").Account} one */
  function accountRow(one) {
    return h(
      "li",
      { class: "spread" },
      accountLine(one),
      one.next_post_at !== null &&
        one.next_task_id !== null &&
        h(
          "span",
          { class: "small-text" },
          h("a", { href: to("task", one.next_task_id) }, t("phones.next"), " ", time(one.next_post_at)),
        ),
      accountBadge(one),
    );
  }

  /**
   * Has an app's accounts read from the phone, and waits for what it shows.
   * @param {"tiktok" | "instagram"} platform
   * @param {boolean} [add] enter those that nobody has entered
   */
  async function readAccounts(platform, add = false) {
    fill(read, t("phones.reads", { app: appName(platform) }));
    let state = await send("POST", `${path}/match-accounts`, { platform, add }, { repeat: true });
    for (let turn = 0; state.state === "running" && turn < READ_TRIES; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, READ_MS));
      if (visit.signal.aborted) return;
      const all = await get(`${path}/match-accounts`, { signal: visit.signal });
      state = all.matches.find((/** @type {any} */ one) => one.platform === platform) ?? state;
    }
    fill(read, readSaid(platform, state));
    await visit.reload();
  }

  /** @param {"tiktok" | "instagram"} platform @param {any} state */
  function readSaid(platform, state) {
    if (state.state === "running") return h("p", null, t("phones.still_reads", { app: appName(platform) }));
    if (state.state === "failed") return h("p", { class: "problem" }, sentenceSaid(state.detail));
    /** @param {string} key @param {string[]} names */
    const line = (key, names) =>
      names.length > 0 && h("p", null, t(`phones.${key}`, { names: names.map((one) => `@${one}`).join(", ") }));
    return [
      h("p", null, h("b", null, t("phones.app_shows", { app: appName(platform) }))),
      line("read_in", state.logged_in),
      line("read_out", state.not_shown),
      state.unknown.length > 0 &&
        h(
          "div",
          { class: "spread" },
          line("read_unknown", state.unknown),
          button(t("phones.add_them"), () => readAccounts(platform, true), { small: true }),
        ),
      line("read_added", state.added),
      state.detail && h("p", { class: "calm" }, sentenceSaid(state.detail)),
    ];
  }

  async function look() {
    fill(findings, h("p", { class: "calm" }, t("phones.looks")));
    const report = await get("/api/v1/doctor", { signal: visit.signal, wait_ms: 40_000 });
    const mine = report.findings.filter((/** @type {any} */ one) => one.phone === serial);
    fill(
      findings,
      mine.length === 0
        ? empty(t(report.complete ? "phones.no_finding" : "phones.still_looks"))
        : h("ul", { class: "list" }, mine.map(findingRow)),
    );
  }

  void picture();
  return {
    title: name,
    node: h(
      "div",
      null,
      h("a", { class: "back", href: to("phones") }, icon("back"), t("phones.title")),
      heading(name),
      h(
        "div",
        { class: "phone-page" },
        h("div", { class: "phone-screen" }, image, said),
        h(
          "div",
          { class: "stack" },
          facts,
          subheading(
            t("phones.accounts"),
            h(
              "div",
              { class: "buttons" },
              button(t("phones.read_app", { app: "TikTok" }), () => readAccounts("tiktok"), {
                small: true,
                kind: "quiet",
                icon: "eye",
              }),
              button(t("phones.read_app", { app: "Instagram" }), () => readAccounts("instagram"), {
                small: true,
                kind: "quiet",
                icon: "eye",
              }),
            ),
          ),
          accounts,
          noAccount,
          read,
          subheading(t("phones.findings"), button(t("phones.look"), look, { small: true, kind: "quiet", icon: "search" })),
          findings,
          subheading(t("rehearsals.rehearsals"), h("a", { href: to("compat", "", { phone: serial }) }, t("compat.title"))),
          rehearsals,
          noRehearsal,
          subheading(t("phones.posts"), h("a", { href: to("history", "", { phone: serial }) }, t("phones.all_posts"))),
          posts,
          noPost,
        ),
      ),
    ),
    load,
    close() {
      clearTimeout(timer);
      URL.revokeObjectURL(url);
    },
  };
}

/** @param {import("../model/phones.js").Phone} found */
function batteryOf(found) {
  if (found.battery_percent === null) return "";
  return `${found.battery_percent} %${found.battery_celsius === null ? "" : `, ${Math.round(found.battery_celsius)} °C`}`;
}

/** @param {any} one */
function findingRow(one) {
  const good = one.level === "ok";
  return h(
    "li",
    { class: `finding ${good ? "good" : "bad"}` },
    icon(good ? "check" : "alert"),
    h(
      "div",
      null,
      h("b", null, spokenName(one.subject)),
      h("p", null, sentenceSaid(one.sentence)),
      one.fix && h("p", { class: "calm small-text" }, sentenceSaid(one.fix)),
    ),
  );
}
