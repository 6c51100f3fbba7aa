// Two panes, each with a connection of its own. docs/realtime.md has a client that reconnects for good.
"use strict";

const prefix = document.currentScript.dataset.prefix;

for (const pane of document.querySelectorAll(".pane")) {
  pane.append(document.getElementById("pane").content.cloneNode(true));
  const log = pane.querySelector("[role=log]");
  const send = pane.querySelector(".send");
  let socket = null;

  const say = (text, isNote) => {
    const line = document.createElement("p");
    line.textContent = text;
    line.classList.toggle("note", Boolean(isNote));
    log.append(line);
    log.scrollTop = log.scrollHeight;
  };

  const enable = (enabled) => {
    for (const part of send.elements) part.disabled = !enabled;
  };

  pane.querySelector(".sign-in").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const body = new URLSearchParams({ username: form.get("email"), password: form.get("password") });
    let tokens;
    try {
      const answer = await fetch(`${prefix}/auth/login`, { method: "POST", body });
      tokens = await answer.json();
      if (!answer.ok) return say(tokens.detail, true);
    } catch (failure) {
      return say(String(failure), true);
    }
    if (socket) socket.close();
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const mine = new WebSocket(`${scheme}//${location.host}${prefix}/ws`, ["plinth.v1", `bearer.${tokens.access_token}`]);
    socket = mine;
    mine.onopen = () => { say("connected", true); enable(true); };
    mine.onmessage = (message) => say(message.data);
    mine.onclose = (closed) => {
      say(`closed: ${closed.code} ${closed.reason}`, true);
      if (socket === mine) enable(false);
    };
  });

  send.addEventListener("submit", (event) => {
    event.preventDefault();
    socket.send(new FormData(send).get("frame"));
  });
}
