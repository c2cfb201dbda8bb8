// Counts down to the end of the session, warns in time, and says so when it is over.
//
// Nothing here polls or reconnects by itself: a request counts as activity, so a page that polled
// would keep a forgotten session alive. A request goes out when the page loads and when its user
// does something, which includes coming back to the tab, and at no other time.

const byId = (id) => document.getElementById(id);
const session = document.querySelector("[data-session]");
const warning = byId("warning");
const title = document.title;
const site = title.slice(title.lastIndexOf(" - "));

const reasons = {
  logout: "You signed out in another tab of this browser.",
  idle: "Your session ended because nothing happened for a while.",
  absolute: "Your session reached its longest duration.",
  revoked: "Your session was ended from another device.",
  evicted: "Your session ended because you signed in on too many devices.",
  replayed: "Your session ended because an old copy of its cookie was used.",
  risk: "Your session ended because it looked as if somebody else used it.",
  superseded: "You signed in again in another tab of this browser.",
};
const locked = "Nothing happened for a while. Your password opens the session where you left it.";
const generic = "Your session has ended.";
const failure = "That did not work. Try again in a moment.";

const ends = { idle: null, absolute: null };
const warnBefore = Number(session?.dataset.warnBefore ?? 0);
const locks = session?.dataset.locks !== undefined;
let counted = Date.now();
let staying = true;
let over = false;
let leaving = false;
let timer = 0;

const hour = 3600;
const day = 24 * hour;

// Ticks in the last hour; before that nobody counts seconds.
function clock(seconds) {
  const hours = Math.floor(seconds / hour);
  const minutes = Math.floor(seconds / 60) % 60;
  if (seconds >= 2 * day) return `${Math.round(seconds / day)} days`;
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  return [minutes, seconds % 60].map((n) => String(n).padStart(2, "0")).join(":");
}

function write(id, text) {
  const element = byId(id);
  if (element && element.textContent !== text) element.textContent = text;
}

// The focus moves on where the element that has it goes away.
function show(element, visible, next) {
  if (!element || element.hidden === !visible) return;
  const focused = element.contains(document.activeElement);
  element.hidden = !visible;
  if (focused && !visible) next?.focus();
}

function secondsUntil(instant, now) {
  return instant === null ? Infinity : Math.max(0, Math.ceil((instant - now) / 1000));
}

function remaining(seconds) {
  if (seconds === 1) return "1 second";
  if (seconds < 120) return `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}

function warn(left) {
  show(byId("warning-stay"), staying, byId("stay-status"));
  if (left > warnBefore) {
    show(warning, false, byId("stay") ?? byId("main"));
    document.title = title;
  } else if (warning.hidden) {
    // The text is written once per warning, so that a screen reader says it once.
    warning.hidden = false;
    document.title = `Ending soon${site}`;
    write("stay-status", "");
    write("warning-text", staying
      ? `Your session ${locks ? "locks" : "ends"} within ${remaining(left)}. Choose "Stay signed in" to keep it.`
      : `Your session ends within ${remaining(left)}, and you will have to sign in again.`);
  }
}

function render() {
  clearTimeout(timer);
  if (over || ends.idle === null) return;
  const now = Date.now();
  const idle = secondsUntil(ends.idle, now);
  const absolute = secondsUntil(ends.absolute, now);
  const left = Math.min(idle, absolute);
  if (left <= 0) return end(absolute <= 0 ? "absolute" : "idle");
  write("countdown", clock(left));
  if (absolute !== Infinity) write("absolute", clock(absolute));
  const progress = byId("progress");
  if (progress) progress.value = left;
  // Activity moves the idle timeout only, so staying helps while the other one leaves room.
  staying = absolute > idle;
  const verb = locks ? "Locks" : "Ends";
  write("countdown-label", staying ? `${verb} without activity in` : "Ends in any case in");
  show(byId("stay"), staying, byId("stay-status"));
  warn(left);
  timer = setTimeout(render, (ends.idle - now) % 1000 || 1000);
}

function count(idle, absolute) {
  const now = Date.now();
  counted = now;
  ends.idle = idle === null ? null : now + idle * 1000;
  ends.absolute = absolute === null ? null : now + absolute * 1000;
  const progress = byId("progress");
  if (progress && idle > progress.max) progress.max = idle;
  render();
}

// Deliberately takes no request: while the answer to a logout is on its way, another answer could
// overtake the cookie's removal.
function end(reason) {
  if (over || leaving) return;
  if (!session) return location.replace("/");
  over = true;
  clearTimeout(timer);
  stream?.close();
  queue?.abort();
  const ended = byId("ended");
  document.querySelectorAll("nav, .bar").forEach((element) => element.remove());
  byId("main").replaceChildren(ended);
  document.title = `Signed out${site}`;
  write("ended-text", reasons[reason] ?? generic);
  if (locks && reason === "idle") {
    document.title = `Locked${site}`;
    write("ended-heading", "Your session is locked");
    write("ended-text", locked);
    write("ended-link", "Unlock");
  }
  if (reason === "superseded") write("ended-link", "Continue");
  ended.hidden = false;
  byId("ended-heading").focus();
}

// The tabs of one session tell each other when it was extended or ended. This takes no request.
const canTell = session && "BroadcastChannel" in window;
const tabs = canTell ? new BroadcastChannel("hallpass-session") : null;

function tell(news) {
  tabs?.postMessage({ handle: session.dataset.handle, ...news });
}

function heard({ data }) {
  if (over || data.handle !== session.dataset.handle) return;
  if (data.ended !== undefined) end(data.ended);
  else count(data.idle, data.absolute);
}

// No answer is an answer, too: whoever chose to stay has to know.
function ask(path, options) {
  return fetch(path, { signal: AbortSignal.timeout(10_000), ...options });
}

// Asks how long the session lasts now. As any request of a live session this extends it, so it
// is called for something that the user did, and for nothing else.
async function extend() {
  const answer = await ask("/api/me", { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  const me = await answer.json();
  if (over) return;
  if (me.subject === null) {
    tell({ ended: me.ended });
    return end(me.ended);
  }
  if (me.handle !== session.dataset.handle) return location.replace("/");
  count(me.idle_expires_in, me.absolute_expires_in);
  tell({ idle: me.idle_expires_in, absolute: me.absolute_expires_in });
  follow();
}

async function stay({ currentTarget: button }) {
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  write("stay-status", "");
  try {
    await extend();
    if (over || !warning.hidden) return;
    write("stay-status", staying
      ? "You stay signed in."
      : "You stay signed in until the session reaches its longest duration.");
  } catch {
    write(warning.hidden ? "stay-status" : "warning-text", failure);
  } finally {
    button.ariaBusy = "false";
  }
}

let stream = null;
let queue = null;

// One stream for all tabs of a session: over HTTP/1.1 a browser opens six connections to a host,
// and a stream in each tab would use them up. The tab that holds the lock has the stream and tells
// the others of the end. When it is closed, the next visible tab takes over; hidden tabs do not
// queue, since a stream is a request, and so activity, and nobody is there.
async function follow() {
  if (over || queue || document.hidden) return;
  queue = new AbortController();
  try {
    if (!navigator.locks) return await listen(Date.now() - counted < 1000);
    const name = `hallpass-session ${session.dataset.handle}`;
    const led = await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
      if (lock) await listen(Date.now() - counted < 1000);
      return lock !== null;
    });
    if (led || queue.signal.aborted) return;
    await navigator.locks.request(name, { signal: queue.signal }, () => listen(false));
  } catch {
    // The tab was hidden while it waited, or the server does not answer. Deliberately no other
    // attempt: the next thing that the user does tries again.
  } finally {
    queue = null;
  }
}

async function listen(justLoaded) {
  // Whoever waited has to ask whether there still is a session, and how long it lasts from now.
  if (!justLoaded) await extend();
  if (over) return;
  await new Promise((closed) => {
    stream = new EventSource("/api/events");
    stream.addEventListener("open", () => show(byId("live"), true));
    stream.addEventListener("ended", ({ data }) => {
      tell({ ended: data });
      end(data);
      stream.close();
      closed();
    });
    // Deliberately not the reconnection that browsers do by themselves: it would be a request,
    // and so activity, that nobody asked for.
    stream.addEventListener("error", () => {
      show(byId("live"), false);
      stream.close();
      closed();
    });
  });
}

function showCart(items) {
  byId("cart").replaceChildren(...items.map((item) => {
    const line = document.createElement("li");
    line.textContent = item;
    return line;
  }));
  byId("cart-empty").hidden = items.length > 0;
}

async function addToCart(event) {
  event.preventDefault();
  const input = byId("cart-item");
  const button = byId("cart-add");
  const item = input.value.trim();
  if (item === "" || button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  try {
    const added = await ask("/api/cart", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ item }),
    });
    if (added.status === 401) return end();
    if (!added.ok) throw new Error(`the server answered ${added.status}`);
    const cart = await ask("/api/cart", { headers: { accept: "application/json" } });
    if (!cart.ok) throw new Error(`the server answered ${cart.status}`);
    showCart((await cart.json()).items);
    input.value = "";
    write("cart-status", `Added ${item}.`);
    input.focus();
    if (session) await extend();
  } catch {
    write("cart-status", failure);
  } finally {
    button.ariaBusy = "false";
  }
}

const cartForm = byId("cart-form");
if (cartForm) {
  cartForm.hidden = false;
  cartForm.addEventListener("submit", addToCart);
}

// What holds for a while on top of the session falls back by itself, which takes no request.
for (const element of document.querySelectorAll(".ticking")) {
  const until = Date.now() + Number(element.dataset.seconds) * 1000;
  const tick = () => {
    const left = secondsUntil(until, Date.now());
    element.textContent = clock(left);
    if (left > 0) return setTimeout(tick, (until - Date.now()) % 1000 || 1000);
    const bar = element.closest(".bar");
    const link = document.createElement("a");
    link.href = "/";
    link.textContent = "Continue";
    bar.querySelector("form").remove();
    bar.querySelector("p").replaceChildren("This is over: the session is what it was before. ", link);
    byId("main").querySelector("[data-while]")?.remove();
  };
  tick();
}

if (session) {
  const seconds = (text) => (text === undefined ? null : Number(text));
  byId("stay")?.addEventListener("click", stay);
  byId("warning-stay").addEventListener("click", stay);
  tabs?.addEventListener("message", heard);
  const now = { idle: seconds(session.dataset.idle), absolute: seconds(session.dataset.absolute) };
  count(now.idle, now.absolute);
  tell(now);
  follow();
  // A timer of a hidden tab may be late; what the user sees on coming back may not.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return queue?.abort();
    render();
    follow();
  });
  // The answer to a form replaces this page. What the stream says of a logout before that answer
  // arrives is for the other tabs.
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) leaving = true;
  });
} else if (!byId("login-error") && byId("ended")?.hidden === false) {
  byId("ended").focus();
}

// A page that the browser kept in memory shows a session that may be gone.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
