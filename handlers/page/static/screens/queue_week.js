// The week view of the queue: seven days beside each other; a post is moved to another day by dragging or by keyboard.

import { get, withQuery } from "../lib/api.js";
import { fill, h, keyed, write } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { appIcon, appName, badge } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { t } from "../lib/texts.js";
import { clock, day, dayAfter, dayName, now, time } from "../lib/times.js";
import { phoneName } from "../model/phones.js";
import { askMove, edit, moveTo } from "../model/plan.js";
import { accountOf, isHeld } from "../model/tasks.js";

/** @typedef {import("../model/tasks.js").Task} Task */

const DAYS = 7;
const PAGE = 100;
const PAGES_MAX = 5;
const STEP_MIN = 30;
/** A press that moves less is a click. */
const DRAG_PX = 6;

/**
 * @param {import("../lib/router.js").Visit} visit
 * @param {(first: string) => void} kept writes the first day into the address
 */
export function weekView(visit, kept) {
  let first = "";
  /** @type {Record<string, string>} */
  let asked = {};
  const columns = h("div", { class: "week" });
  const span = h("b", { class: "number" });
  const said = h("p", { class: "sr", role: "status" });
  const beyond = h("p", { class: "calm", hidden: true });
  const node = h(
    "div",
    { class: "week-view", hidden: true },
    h(
      "div",
      { class: "week-head" },
      step(-DAYS, t("queue.earlier"), "back"),
      h("button", { type: "button", class: "button small", on: { click: () => turn("") } }, t("times.today")),
      step(DAYS, t("queue.later"), "chevron"),
      span,
      h("span", { class: "calm week-hint" }, t("queue.drag_hint")),
    ),
    said,
    columns,
    beyond,
  );

  /** @param {number} days @param {string} name @param {string} sign */
  function step(days, name, sign) {
    const click = () => turn(dayAfter(first, days));
    return h("button", { type: "button", class: "icon-button", "aria-label": name, title: name, on: { click } }, icon(sign));
  }

  /** @param {string} wanted */
  function turn(wanted) {
    kept(wanted);
    void load(wanted, asked);
  }

  /**
   * @param {string} wanted the first day, "" for today
   * @param {Record<string, string>} query
   */
  async function load(wanted, query) {
    const today = day(now());
    first = /^\d{4}-\d\d-\d\d$/.test(wanted) ? wanted : today;
    asked = query;
    const last = dayAfter(first, DAYS - 1);
    /** @type {Task[]} */
    const tasks = [];
    let total = 1;
    for (let page = 1; page <= PAGES_MAX && tasks.length < total; page += 1) {
      const path = withQuery("/api/v1/task", {
        ...query,
        status: 0,
        from: first,
        to: last,
        sort: "scheduled_at",
        page,
        page_size: PAGE,
      });
      const found = await get(path, { signal: visit.signal });
      total = found.total;
      tasks.push(...found.tasks);
      if (found.tasks.length === 0) break;
    }
    const days = Array.from({ length: DAYS }, (_, place) => {
      const name = dayAfter(first, place);
      return { name, tasks: tasks.filter((task) => day(task.scheduled_at) === name) };
    });
    write(span, `${dayName(`${first}T12:00:00Z`)} – ${dayName(`${last}T12:00:00Z`)}`);
    keyed(columns, days, (one) => one.name, drawDay, today + tasks.map((task) => phoneName(task.serial)).join());
    beyond.hidden = tasks.length >= total;
    write(beyond, t("queue.shown", { shown: tasks.length, n: total }));
  }

  /** @param {{ name: string, tasks: Task[] }} one */
  function drawDay({ name, tasks }) {
    const list = h("ul", { class: "week-list" }, tasks.map(drawTask));
    return h(
      "section",
      { class: `week-day${name === day(now()) ? " today" : ""}${name < day(now()) ? " past" : ""}`, data: { day: name } },
      h("h2", null, dayName(`${name}T12:00:00Z`)),
      list,
      tasks.length === 0 && h("p", { class: "calm week-none" }, t("queue.free_day")),
    );
  }

  /** @param {Task} task */
  function drawTask(task) {
    const of = t("tasks.task", { id: String(task.id) });
    const grip = h(
      "button",
      {
        type: "button",
        class: "icon-button grip",
        "aria-label": t("queue.move"),
        "aria-description": of,
        title: t("queue.move_keys"),
      },
      icon("hand"),
    );
    const change = h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": t("tasks.edit"),
        "aria-description": of,
        title: t("tasks.edit"),
        on: { click: () => edit(task, visit.reload) },
      },
      icon("edit"),
    );
    const proposal = h("p", { class: "proposal", hidden: true });
    const card = h(
      "li",
      { class: `week-card${isHeld(task) ? " held" : ""}`, data: { task: task.id } },
      h("div", { class: "week-card-head" }, time(task.scheduled_at, "clock"), h("span", { class: "week-acts" }, change, grip)),
      h(
        "p",
        { class: "week-who" },
        appIcon(task.platform),
        h("span", { class: "sr" }, `${appName(task.platform)}, `),
        h("b", null, accountOf(task) || phoneName(task.serial)),
      ),
      h("p", { class: "caption two-lines" }, task.caption || h("span", { class: "calm" }, t("tasks.no_caption"))),
      h(
        "p",
        { class: "week-foot" },
        h("a", { class: "task-link", href: to("task", task.id), draggable: "false" }, of),
        isHeld(task) && badge("calm", t("tasks.held"), "pause"),
      ),
      proposal,
    );
    dragged(card, task, grip);
    keys(grip, task, proposal);
    return card;
  }

  /**
   * Arrow keys on the grip propose another time; Enter takes it, Escape leaves it.
   * @param {HTMLButtonElement} grip
   * @param {Task} task
   * @param {HTMLElement} proposal
   */
  function keys(grip, task, proposal) {
    const start = wall(task.scheduled_at);
    let days = 0;
    let minutes = 0;
    const wanted = () => {
      const moved = new Date(start + days * 86_400_000 + minutes * 60_000).toISOString();
      return `${moved.slice(0, 10)} ${moved.slice(11, 16)}`;
    };
    const show = (/** @type {boolean} */ on) => {
      proposal.hidden = !on;
      const text = wanted();
      const words = `${dayName(`${text.slice(0, 10)}T12:00:00Z`)} ${text.slice(11)}`;
      write(proposal, on ? words : "");
      write(said, on ? t("queue.proposed", { time: words }) : "");
    };
    const leave = () => {
      days = minutes = 0;
      show(false);
    };
    grip.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -STEP_MIN], ArrowDown: [0, STEP_MIN] };
      const move = moves[/** @type {keyof typeof moves} */ (event.key)];
      if (move !== undefined) {
        event.preventDefault();
        days += move[0] ?? 0;
        minutes += move[1] ?? 0;
        show(true);
      } else if (event.key === "Escape" && !proposal.hidden) {
        event.stopPropagation();
        leave();
      }
    });
    grip.addEventListener("blur", leave);
    grip.addEventListener("click", async () => {
      if (grip.dataset.dragged === "true") return;
      if (proposal.hidden) {
        await askMove(task, visit.reload);
        return;
      }
      const target = wanted();
      leave();
      await moveTo(task, target, visit.reload);
    });
  }

  /**
   * A card follows the pointer and is let go on another day; a finger takes it by its grip, as elsewhere it scrolls.
   * @param {HTMLElement} card
   * @param {Task} task
   * @param {HTMLElement} grip
   */
  function dragged(card, task, grip) {
    card.addEventListener("pointerdown", (down) => {
      const target = /** @type {Element} */ (down.target);
      const held = grip.contains(target);
      if (down.button !== 0 || (!held && (down.pointerType === "touch" || target.closest("a, button") !== null))) return;
      grip.dataset.dragged = "false";
      /** @type {HTMLElement | null} */
      let over = null;
      let moving = false;
      const follow = new AbortController();
      const { signal } = follow;

      /** @param {PointerEvent} event */
      function move(event) {
        const [x, y] = [event.clientX - down.clientX, event.clientY - down.clientY];
        if (!moving && Math.hypot(x, y) < DRAG_PX) return;
        if (!moving) {
          moving = true;
          grip.dataset.dragged = "true";
          card.classList.add("dragged");
          card.setPointerCapture(down.pointerId);
        }
        card.style.translate = `${x}px ${y}px`;
        const under = document.elementsFromPoint(event.clientX, event.clientY).find((one) => one.classList.contains("week-day"));
        if (under === over) return;
        over?.classList.remove("over");
        over = /** @type {HTMLElement | null} */ (under ?? null);
        over?.classList.add("over");
      }

      /** @param {boolean} drop */
      function end(drop) {
        follow.abort();
        card.classList.remove("dragged");
        card.style.translate = "";
        over?.classList.remove("over");
        const to = over?.dataset.day;
        if (!drop || !moving || to === undefined || to === day(task.scheduled_at)) return;
        void moveTo(task, `${to} ${clock(task.scheduled_at)}`, visit.reload);
      }

      addEventListener("pointermove", move, { signal });
      addEventListener("pointerup", () => end(true), { signal });
      addEventListener("pointercancel", () => end(false), { signal });
      addEventListener("keydown", (event) => event.key === "Escape" && end(false), { signal });
      visit.signal.addEventListener("abort", () => end(false), { signal });
    });
  }

  function close() {
    fill(columns);
  }

  return { node, load, close };
}

/** The hub's wall clock of a moment, counted as if it were UTC: days and hours are added to what people read. @param {string} moment */
function wall(moment) {
  return Date.parse(`${day(moment)}T${clock(moment)}Z`);
}
