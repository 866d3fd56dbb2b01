// The caption page: shows what the daemon publishes and sends back what the signer presses.

const WHY_SILENT = {
  no_signer: "Step in front of the camera to begin.",
  too_dark: "It is too dark to see your hands. More light would help.",
  hand_lost: "Your hand left the picture. Keep it in view.",
  too_far: "You are too far away. Please come closer.",
  paused: "Reading is paused.",
  camera_lost: "The camera is not working. Please tell the staff.",
};
const READING = "Spell with one hand, next to your shoulder.";
const FINISHING = "Hands down: the text is finished in a moment. Raise them to go on.";
const SPOKEN = {
  played: "spoken aloud",
  muted: "not spoken: sound off",
  cancelled: "not spoken: cleared",
  timed_out: "spoken in part",
  no_audio: "not spoken: no loudspeaker",
};
const NOT_SPOKEN = "not spoken";
const PRACTICE = "practice: not spoken";
const HISTORY_LENGTH = 5;
const HISTORY_SECONDS = 120; // the next visitor must not read this one's conversation
const STATUS_DUE_SECONDS = 3; // a broker that keeps no status so long has never seen the device
const RELOAD_SECONDS = 5; // until a page of which a part did not come is loaded again
const SETTINGS_SECONDS = 5; // a reader that was given another name or port says so in its settings
const SIZES = [[14, "short"], [40, "medium"], [90, "long"]]; // most characters of each size

const element = (id) => document.getElementById(id);
const buttons = document.querySelectorAll("button[data-command]");

let setUp = true; // false where the page was told of no broker
let connected = false;
let deviceOnline = null; // not yet known
let state = { caption: "", signer_present: false, silent: "no_signer", muted: false, practice: false };

function show() {
  const live = connected && deviceOnline === true;
  document.body.dataset.live = live;
  showCaption(live ? state.caption : ""); // what a reader that is gone left behind is no caption of now
  say("hint", live ? hint() : outage());
  say("signer", state.signer_present ? "Signer in view" : "Nobody in view");
  element("signer").dataset.on = state.signer_present;
  element("signer").hidden = !live;
  element("muted").hidden = !(live && state.muted);
  element("practice").hidden = !(live && state.practice);
  for (const button of buttons) button.disabled = !live;
}

// Screen readers announce a text that is set anew, even to the same words.
function say(id, text) {
  if (element(id).textContent !== text) element(id).textContent = text;
}

function showCaption(text) {
  say("caption", text);
  element("caption").dataset.size = SIZES.find(([most]) => text.length <= most)?.[1] ?? "longest";
}

function hint() {
  if (state.silent === "hand_lost" && state.caption) return FINISHING; // most often they were lowered for that
  if (state.silent) return WHY_SILENT[state.silent] ?? state.silent;
  return state.caption ? "" : READING;
}

function outage() {
  if (!setUp) return "This page is not set up yet. Please tell the staff.";
  if (connected) return deviceOnline === null ? "" : "The sign reader is switched off.";
  return "No captions at the moment: the connection is being made again.";
}

function addToHistory(caption) {
  if (!caption.final) return;
  const entry = document.createElement("p");
  entry.textContent = caption.text;
  if (caption.spelled && caption.spelled !== caption.text) note(entry, "read").textContent = `read as ${caption.spelled}`;
  entry.dataset.id = caption.ts.toFixed(3) + (caption.signer ? `-${caption.signer}` : ""); // what `spoken` names it by
  if (caption.practice) note(entry, "spoken").textContent = PRACTICE;
  const history = element("history");
  history.append(entry);
  while (history.children.length > HISTORY_LENGTH) history.firstElementChild.remove();
  setTimeout(() => entry.remove(), HISTORY_SECONDS * 1000);
}

function markSpoken(spoken) {
  const entry = element("history").querySelector(`[data-id="${CSS.escape(spoken.id)}"]`);
  if (!entry || entry.querySelector(".spoken")) return;
  note(entry, "spoken").textContent = SPOKEN[spoken.outcome] ?? NOT_SPOKEN;
}

function note(entry, name) {
  const found = entry.querySelector(`small.${name}`);
  if (found) return found;
  const made = entry.appendChild(document.createElement("small"));
  made.className = name;
  return made;
}

const ON_MESSAGE = {
  status: (text) => (deviceOnline = text === "online"),
  state: (text) => (state = { ...state, ...JSON.parse(text) }),
  caption: (text) => addToHistory(JSON.parse(text)),
  spoken: (text) => markSpoken(JSON.parse(text)),
};

function receive(topic, text) {
  try {
    ON_MESSAGE[topic.split("/").at(-1)](text);
    show();
  } catch (error) {
    console.warn(`${topic}: not understood:`, error.message); // somebody else's message must not stop the page
  }
}

function connectionChanged(online, reason) {
  connected = online;
  deviceOnline = null; // the retained status says it anew, if there is one
  if (online) setTimeout(statusIsDue, STATUS_DUE_SECONDS * 1000);
  document.body.dataset.connection = online ? "online" : "offline";
  say("connection", online ? "Connected" : `Disconnected: ${reason}`);
  show();
}

function statusIsDue() {
  deviceOnline ??= false;
  show();
}

async function readSettings() {
  return (await fetch("settings.json")).json();
}

async function beginAnewWhereChanged(settings) {
  if (document.body.dataset.live === "true") return;
  const now = await readSettings().catch(() => settings); // the server may be away too
  if (JSON.stringify(now) !== JSON.stringify(settings)) location.reload();
}

async function main() {
  const { MqttClient } = await import("./mqtt.js"); // here, so that its failure is seen too
  const settings = await readSettings();
  setInterval(beginAnewWhereChanged, SETTINGS_SECONDS * 1000, settings);
  const base = `asl/${settings.device}`;
  if (!settings.websocketUrl) {
    setUp = false;
    connectionChanged(false, "set display.broker_websocket_url");
    return;
  }
  const client = new MqttClient({
    url: settings.websocketUrl,
    username: settings.username,
    password: settings.password,
    topics: ["status", "state", "caption", "spoken"].map((name) => `${base}/${name}`),
    onMessage: receive,
    onConnection: connectionChanged,
  });
  for (const button of buttons) {
    button.addEventListener("click", () => {
      if (button.dataset.command === "clear") element("history").replaceChildren();
      client.publish(`${base}/cmd/${button.dataset.command}/set`, "PRESS");
    });
  }
  client.connect();
}

main().catch((error) => {
  console.warn("not all of the page came:", error.message);
  setTimeout(() => location.reload(), RELOAD_SECONDS * 1000); // nobody stands by a kiosk to do it
});
