// Accounts: who posts from which phone, how often, and whether it is logged in there.

import { send } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { h, keyed, write } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { askNow } from "../lib/live.js";
import { button, empty, field, fold, heading } from "../lib/parts.js";
import { keepFilters, to } from "../lib/router.js";
import { spoken } from "../lib/spoken.js";
import { t } from "../lib/texts.js";
import { day, now, time } from "../lib/times.js";
import { toast } from "../lib/toasts.js";
import { accountBadge, accountLine, accountName, loadAccounts } from "../model/accounts.js";
import { askIfOverdue, overdueAt } from "../model/due.js";
import { pauseButton, pauseSentence } from "../model/pauses.js";
import { loadPhones, phoneName } from "../model/phones.js";

/** @typedef {import("../model/accounts.js").Account} Account */

/** With fewer accounts a search box is only in the way. */
const SEARCH_FROM = 9;

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function accounts(visit) {
  const list = h("ul", { class: "list accounts" });
  const none = h("div", { hidden: true }, empty(t("accounts.none"), h("p", null, t("accounts.none_how"))));
  const nothing = h("p", { class: "calm", role: "status" });
  const search = h("input", {
    type: "search",
    name: "q",
    value: visit.params.get("q") ?? "",
    autocomplete: "off",
    on: { input: filter },
  });
  const finder = field(t("accounts.search"), search);
  finder.classList.add("finder");
  finder.hidden = true;
  /** @type {Account[]} */
  let all = [];

  async function load() {
    [all] = await Promise.all([loadAccounts(visit.signal), loadPhones()]);
    draw();
  }

  function filter() {
    keepFilters({ q: search.value });
    draw();
  }

  function draw() {
    const wanted = search.value.trim().replace(/^@/, "").toLowerCase();
    const found = all
      .filter((one) => textOf(one).includes(wanted))
      .sort((a, b) => a.username.localeCompare(b.username) || a.id - b.id);
    none.hidden = all.length > 0;
    finder.hidden = all.length < SEARCH_FROM && wanted === "";
    write(nothing, found.length === 0 && all.length > 0 ? t("accounts.nothing_found") : "");
    keyed(
      list,
      found,
      (one) => one.id,
      (one) => row(one, visit.reload),
      day(now()) + found.map((one) => phoneName(one.device)).join(),
    );
  }

  const add = button(t("accounts.add"), () => void edit(null, visit.reload), { kind: "primary", icon: "compose" });
  return {
    title: t("accounts.title"),
    node: h("div", null, heading(t("accounts.title"), add), finder, nothing, list, none),
    load,
  };
}

/** What a search looks through. @param {Account} one */
function textOf(one) {
  return [one.username, one.platform, one.device, phoneName(one.device), ...one.tags].join(" ").toLowerCase();
}

/** @param {Account} one @param {() => Promise<void>} after */
function row(one, after) {
  const name = accountName(one);
  const path = `/api/v1/accounts/${one.id}`;
  const own = one.managed === "api";
  return h(
    "li",
    { class: "account-row" },
    h("div", { class: "spread" }, h("h2", { class: "account-name" }, accountLine(one)), accountBadge(one)),
    h(
      "p",
      { class: "calm small-text account-where" },
      one.device ? h("a", { href: to("phone", one.device) }, icon("phones"), phoneName(one.device)) : t("accounts.no_phone"),
      one.tags.map((tag) => h("span", { class: "tag" }, tag)),
    ),
    one.paused && h("p", { class: "small-text held" }, pauseSentence(one)),
    one.pace_detail !== "" &&
      one.next_allowed_at !== null &&
      h(
        "p",
        { class: "calm small-text" },
        t("accounts.not_before", { why: spoken(one.pace_detail) }),
        " ",
        time(one.next_allowed_at),
      ),
    h(
      "div",
      { class: "account-foot" },
      h(
        "dl",
        { class: "account-facts" },
        h("div", null, h("dt", null, t("accounts.pace")), h("dd", null, paceOf(one))),
        h(
          "div",
          null,
          h("dt", null, t("accounts.last")),
          h("dd", null, one.last_post_at === null ? "–" : time(one.last_post_at)),
        ),
        h(
          "div",
          null,
          h("dt", null, t("accounts.next")),
          h(
            "dd",
            null,
            one.next_post_at === null || one.next_task_id === null
              ? "–"
              : h("a", { href: to("task", one.next_task_id) }, time(one.next_post_at)),
          ),
        ),
      ),
      h(
        "div",
        { class: "buttons" },
        own && button(t("accounts.edit"), () => void edit(one, after), { small: true, icon: "edit", of: name }),
        pauseButton(path, one, name, whoseOf(one), after),
        own &&
          button(one.status === 1 ? t("accounts.enable") : t("accounts.disable"), () => toggle(one, after), {
            small: true,
            kind: "quiet",
            of: name,
          }),
        own && button(t("accounts.remove"), () => void remove(one, after), { small: true, kind: "quiet", of: name }),
        !own && h("span", { class: "calm small-text" }, t("accounts.of_config")),
      ),
    ),
  );
}

/** "1 of 3 today · 90 min apart" @param {Account} one */
function paceOf(one) {
  const { max_per_day, min_gap_minutes } = one.pace;
  const today =
    max_per_day > 0
      ? t("accounts.today_of", { n: one.posts_today, most: max_per_day })
      : t("accounts.today", { n: one.posts_today });
  return min_gap_minutes > 0 ? `${today} · ${t("accounts.apart", { n: min_gap_minutes })}` : today;
}

/** Whose tasks are its own. @param {Account} one */
function whoseOf({ username, platform }) {
  return { username, platform };
}

/** Enabling is done at once where it starts no post; disabling says what waits. @param {Account} one @param {() => Promise<void>} after */
async function toggle(one, after) {
  const path = `/api/v1/accounts/${one.id}`;
  if (one.status === 1) {
    const words = { title: t("accounts.enable_title", { name: accountName(one) }), verb: t("accounts.enable") };
    await askIfOverdue(await overdueAt(whoseOf(one)), words, async () => {
      await send("PATCH", path, { status: 0 }, { repeat: true });
      await done(t("accounts.enabled", { name: accountName(one) }), after);
    });
    return;
  }
  await ask({
    title: t("accounts.disable_title", { name: accountName(one) }),
    lines: [t("accounts.disable_line")],
    verb: t("accounts.disable"),
    async send() {
      await send("PATCH", path, { status: 1 }, { repeat: true });
      await done(t("accounts.is_disabled", { name: accountName(one) }), after);
    },
  });
}

/** @param {Account} one @param {() => Promise<void>} after */
function remove(one, after) {
  return ask({
    title: t("accounts.remove_title", { name: accountName(one) }),
    lines: [t("accounts.remove_line")],
    verb: t("accounts.remove"),
    danger: true,
    async send() {
      await send("DELETE", `/api/v1/accounts/${one.id}`, undefined, { repeat: true });
      await done(t("accounts.removed", { name: accountName(one) }), after);
    },
  });
}

/** Adds an account, or changes one. @param {Account | null} one @param {() => Promise<void>} after */
async function edit(one, after) {
  const phones = await loadPhones(true);
  const username = h("input", {
    name: "username",
    value: one?.username ?? "",
    required: true,
    maxlength: 101,
    autocapitalize: "none",
    autocomplete: "off",
    spellcheck: "false",
  });
  const platform = select(
    "platform",
    [
      ["tiktok", "TikTok"],
      ["instagram", "Instagram"],
    ],
    one?.platform ?? "tiktok",
  );
  const serials = phones.map(
    (phone) => /** @type {[string, string]} */ ([phone.serial, phone.label ? `${phone.label} (${phone.serial})` : phone.serial]),
  );
  if (one?.device && !phones.some((phone) => phone.serial === one.device)) serials.push([one.device, one.device]);
  const device = select("device", [["", t("accounts.no_phone")], ...serials], one?.device ?? serials[0]?.[0] ?? "");
  const tags = h("input", { name: "tags", value: one?.tags.join(", ") ?? "", autocomplete: "off" });
  const gap = h("input", {
    name: "min_gap_minutes",
    type: "number",
    min: 0,
    max: 10_080,
    value: String(one?.min_gap_minutes ?? ""),
    placeholder: t("accounts.as_configured"),
  });
  const most = h("input", {
    name: "max_per_day",
    type: "number",
    min: 0,
    max: 1000,
    value: String(one?.max_per_day ?? ""),
    placeholder: t("accounts.as_configured"),
  });
  const display = h("input", { name: "display_name", value: one?.display_name ?? "", maxlength: 200, autocomplete: "off" });
  const app = h("input", {
    name: "packagename",
    value: one?.packagename ?? "",
    maxlength: 200,
    autocomplete: "off",
    spellcheck: "false",
  });
  await ask({
    title: one === null ? t("accounts.add_title") : t("accounts.edit_title", { name: accountName(one) }),
    lines: one === null ? [t("accounts.add_line")] : [],
    form: h(
      "div",
      { class: "stack" },
      field(t("accounts.username"), username),
      h("div", { class: "pair" }, field(t("accounts.app"), platform), field(t("accounts.phone"), device)),
      h(
        "div",
        { class: "pair" },
        field(t("accounts.most"), most, { hint: t("accounts.most_hint") }),
        field(t("accounts.gap"), gap, { hint: t("accounts.gap_hint") }),
      ),
      field(t("accounts.tags"), tags, { hint: t("accounts.tags_hint") }),
      fold(
        t("accounts.seldom"),
        h(
          "div",
          { class: "stack" },
          field(t("accounts.display_name"), display, { hint: t("accounts.display_hint") }),
          field(t("accounts.package"), app, { hint: t("accounts.package_hint") }),
        ),
      ),
    ),
    verb: one === null ? t("accounts.add") : t("accounts.save"),
    async send() {
      const body = {
        username: username.value.trim(),
        platform: platform.value,
        device: device.value,
        tags: tags.value
          .split(",")
          .map((tag) => tag.trim())
          .filter(Boolean),
        min_gap_minutes: gap.value === "" ? null : Number(gap.value),
        max_per_day: most.value === "" ? null : Number(most.value),
        display_name: display.value.trim(),
        packagename: app.value.trim(),
      };
      const answer =
        one === null
          ? await send("POST", "/api/v1/accounts", body)
          : await send("PATCH", `/api/v1/accounts/${one.id}`, body, { repeat: true });
      const name = accountName(answer.account);
      await done([t(one === null ? "accounts.added" : "accounts.saved", { name }), ...answer.warnings], after);
    },
  });
}

/** @param {string} name @param {[string, string][]} options @param {string} value */
function select(name, options, value) {
  return h(
    "select",
    { name },
    options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)),
  );
}

/** @param {string | string[]} said @param {() => Promise<void>} after */
async function done(said, after) {
  toast(said);
  void askNow();
  await after();
}
