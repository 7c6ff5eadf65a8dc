// npm's smpp as an ESME: it binds to the port that is its argument, again and again, and submits.
'use strict';
const smpp = require('smpp');

const answer = (session) => (pdu) => session.send(pdu.response());

function start() {
  const session = smpp.connect({ url: `smpp://127.0.0.1:${process.argv[2]}` });
  let submitting;
  session.on('connect', () => {
    session.bind_transceiver({ system_id: 'demo', password: 'demo' }, (pdu) => {
      if (pdu.command_status !== 0) { session.destroy(); return; }
      submitting = setInterval(() => session.submit_sm({
        source_addr: '38591000100', destination_addr: '447700900123', short_message: 'hello',
      }), 20);
    });
  });
  session.on('deliver_sm', answer(session));
  session.on('data_sm', answer(session));
  session.on('enquire_link', answer(session));
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
  session.on('error', () => session.destroy());
  session.on('close', () => { clearInterval(submitting); setTimeout(start, 20); });
}

start();
