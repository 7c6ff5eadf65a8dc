// npm's smpp as an SMSC: it accepts, sends a receipt for what asks for one, and answers questions.
'use strict';
const smpp = require('smpp');

let last = 0x0a4f; // ids whose hexadecimal and decimal forms differ
const texts = {};

const receiptOf = (pdu, id) => ({
  source_addr: pdu.destination_addr,
  destination_addr: pdu.source_addr,
  esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
  // in the receipt an id is decimal, as real SMSCs have it
  short_message: {
    message: `id:${parseInt(id, 16)} sub:001 dlvrd:001 submit date:2611220000 done date:2611220000`
      + ' stat:DELIVRD err:000 text:',
  },
});

const server = smpp.createServer((session) => {
  session.on('bind_transceiver', (pdu) => {
    const known = pdu.system_id === 'us' && pdu.password === 'secret';
    session.send(pdu.response(known ? { system_id: 'npm' } : { command_status: smpp.ESME_RINVPASWD }));
  });
  session.on('submit_sm', (pdu) => {
    if (pdu.destination_addr.endsWith('999')) {
      session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
      return;
    }
    const id = (last += 1).toString(16).toUpperCase();
    const content = pdu.short_message;
    texts[id] = content.message === undefined ? String(content) : content.message;
    const answer = () => session.send(pdu.response({ message_id: id }));
    const receipt = () => {
      if (pdu.registered_delivery & 1) session.deliver_sm(receiptOf(pdu, id));
    };
    // the receipt overtakes the response for one number
    const steps = pdu.destination_addr.endsWith('111') ? [receipt, answer] : [answer, receipt];
    steps.forEach((step) => step());
    if (texts[id] === 'answer me') {
      session.deliver_sm({
        source_addr: pdu.destination_addr,
        destination_addr: pdu.source_addr,
        short_message: 're: привет',
      });
    }
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
  session.on('error', () => session.destroy());
});

server.listen(0, '127.0.0.1', () => console.log(server.address().port));
