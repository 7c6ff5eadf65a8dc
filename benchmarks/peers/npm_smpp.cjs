// The server of npm smpp, in Node.
"use strict";

const smpp = require("smpp");

let ids = 0;

const server = smpp.createServer((session) => {
  session.on("bind_transceiver", (pdu) => session.send(pdu.response()));
  session.on("submit_sm", (pdu) => {
    const id = (ids++).toString(16).padStart(10, "0");
    session.send(pdu.response({ message_id: "0568ac1f3a" + id }));
  });
  session.on("error", () => session.destroy());
});

server.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("ready"));
