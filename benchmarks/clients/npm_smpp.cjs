// npm smpp: a hundred users, each of which submits when its response has come.
"use strict";

const smpp = require("smpp");

const WINDOW = 100;
const [port, seconds] = process.argv.slice(2).map(Number);
const session = smpp.connect({ url: `smpp://127.0.0.1:${port}` });

session.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});

session.bind_transceiver({ system_id: "demo", password: "demo" }, () => {
  const began = process.hrtime.bigint();
  const used = process.cpuUsage();
  const elapsed = () => Number(process.hrtime.bigint() - began) / 1e9;
  let accepted = 0;
  let users = WINDOW;
  const say = () => {
    const { user, system } = process.cpuUsage(used);
    const told = { accepted, seconds: elapsed(), cpu: (user + system) / 1e6 };
    console.log(JSON.stringify(told));
    process.exit(0);
  };
  const submit = () => {
    const fields = {
      source_addr_ton: 5,
      source_addr: "Bench",
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: "447700900123",
      short_message: "Hello world, this is a message of a benchmark",
    };
    session.submit_sm(fields, (pdu) => {
      accepted += pdu.command_status === 0;
      if (elapsed() < seconds) submit();
      else if (--users === 0) say();
    });
  };
  for (let user = 0; user < WINDOW; user++) submit();
});
