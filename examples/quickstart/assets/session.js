// Counts down to the end of the session, warns in time, and says so when it is over.
//
// Nothing here polls or reconnects by itself: a request counts as activity, so a page that polled
// would keep a forgotten session alive. A request goes out when the page loads and when its user
// does something, and at no other time.

const byId = (id) => document.getElementById(id);
const session = document.querySelector("[data-session]");
const title = document.title;
const site = title.slice(title.lastIndexOf(" - "));

const reasons = {
  logout: "You signed out.",
  idle: "Your session ended because nothing happened for a while.",
  absolute: "Your session reached its longest duration.",
  revoked: "Your session was ended from another device.",
  evicted: "Your session ended because you signed in on too many devices.",
  replayed: "Your session ended because an old copy of its cookie was used.",
  superseded: "Your session was replaced by a newer sign-in.",
};
const generic = "Your session has ended.";

const ends = { idle: null, absolute: null };
const warnBefore = Number(session?.dataset.warnBefore ?? 0);
let over = false;
let timer = 0;

function clock(seconds) {
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = `${two(minutes)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

function write(id, text) {
  const element = byId(id);
  if (element && element.textContent !== text) element.textContent = text;
}

function secondsUntil(instant, now) {
  return instant === null ? Infinity : Math.max(0, Math.ceil((instant - now) / 1000));
}

function remaining(seconds) {
  if (seconds === 1) return "1 second";
  if (seconds < 120) return `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}

function warn(left, staying) {
  const warning = byId("warning");
  if (!warning) return;
  if (left > warnBefore) {
    warning.hidden = true;
    document.title = title;
  } else if (warning.hidden) {
    // The text is written once per warning, so that a screen reader says it once.
    warning.hidden = false;
    document.title = `Ending soon${site}`;
    write("warning-text", staying
      ? `Your session ends within ${remaining(left)}. Choose "Stay signed in" to keep it.`
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
  if (left <= 0) return end(absolute <= 0 ? reasons.absolute : reasons.idle);
  write("countdown", clock(left));
  if (absolute !== Infinity) write("absolute", clock(absolute));
  const progress = byId("progress");
  if (progress) progress.value = left;
  // Activity moves the idle timeout only, so staying helps while the other one leaves room.
  warn(left, absolute > left + 1);
  timer = setTimeout(render, (ends.idle - now) % 1000 || 1000);
}

function count(idle, absolute) {
  const now = Date.now();
  ends.idle = now + idle * 1000;
  ends.absolute = absolute === null ? null : now + absolute * 1000;
  const progress = byId("progress");
  if (progress && idle > progress.max) progress.max = idle;
  render();
}

function end(text) {
  over = true;
  clearTimeout(timer);
  stream?.close();
  for (const element of document.querySelectorAll("[data-private], #warning")) {
    element.hidden = true;
  }
  byId("cart")?.replaceChildren();
  document.title = `Signed out${site}`;
  const notice = byId("ended");
  if (!notice) return location.replace("/");
  write("ended-text", text);
  byId("ended-link").hidden = false;
  notice.hidden = false;
  notice.focus();
}

// The tabs of one session tell each other when it was extended. This takes no request.
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("hallpass-session") : null;

function tell(idle, absolute) {
  tabs?.postMessage({ handle: session.dataset.handle, idle, absolute });
}

function heard({ data }) {
  if (over || data.handle !== session.dataset.handle || ends.idle === null) return;
  count(data.idle, data.absolute);
}

// Asks how long the session lasts now. As any request of a live session this extends it, so it
// is called for something that the user did, and for nothing else.
async function extend() {
  const answer = await fetch("/api/me", { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  const me = await answer.json();
  if (me.subject === null) return end(reasons[me.ended] ?? generic);
  if (me.handle !== session.dataset.handle) return location.replace("/");
  byId("warning").hidden = true;
  count(me.idle_expires_in, me.absolute_expires_in);
  tell(me.idle_expires_in, me.absolute_expires_in);
  listen();
}

async function stay() {
  const button = byId("stay");
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  write("stay-status", "");
  try {
    await extend();
    if (!over) write("stay-status", "You stay signed in.");
  } catch {
    write("stay-status", "That did not work. Try again in a moment.");
  } finally {
    button.ariaBusy = "false";
  }
}

let stream = null;

function listen() {
  if (over || (stream && stream.readyState !== EventSource.CLOSED)) return;
  stream = new EventSource("/api/events");
  // The page itself knows why: the server tells it to whoever still presents the cookie.
  stream.addEventListener("ended", () => {
    stream.close();
    location.replace("/");
  });
  // Deliberately not the reconnection that browsers do by themselves: it would be a request, and
  // so activity, that nobody asked for. The next thing that the user does listens again.
  stream.addEventListener("error", () => stream.close());
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
    const added = await fetch("/api/cart", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ item }),
    });
    if (added.status === 401) return end(generic);
    if (!added.ok) throw new Error(`the server answered ${added.status}`);
    const cart = await fetch("/api/cart", { headers: { accept: "application/json" } });
    if (!cart.ok) throw new Error(`the server answered ${cart.status}`);
    showCart((await cart.json()).items);
    input.value = "";
    write("cart-status", `Added ${item}.`);
    input.focus();
    if (session) await extend();
  } catch {
    write("cart-status", "That did not work. Try again in a moment.");
  } finally {
    button.ariaBusy = "false";
  }
}

const cartForm = byId("cart-form");
if (cartForm) {
  cartForm.hidden = false;
  cartForm.addEventListener("submit", addToCart);
}

if (session) {
  listen();
  const { idle, absolute } = session.dataset;
  if (idle !== undefined) {
    byId("stay").hidden = false;
    byId("stay").addEventListener("click", stay);
    tabs?.addEventListener("message", heard);
    count(Number(idle), absolute === undefined ? null : Number(absolute));
    tell(Number(idle), absolute === undefined ? null : Number(absolute));
  }
  // A timer of a hidden tab may be late; what the user sees on coming back may not.
  document.addEventListener("visibilitychange", render);
} else if (byId("ended") && !byId("ended").hidden) {
  byId("ended").focus();
}

// A page that the browser kept in memory shows a session that may be gone.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
