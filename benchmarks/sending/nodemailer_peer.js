// The peer: nodemailer's pool, keeping its connections, with the same mail for the same kind of people.
// node nodemailer_peer.js WORK.json PORT MESSAGES CONNECTIONS; prints one JSON line.
const nodemailer = require('nodemailer');
const [file, port, messages, connections] = process.argv.slice(2);
const work = JSON.parse(require('fs').readFileSync(file, 'utf8'));
const people = work.people.slice(0, Number(messages));
const pool = nodemailer.createTransport({
  pool: true, host: '127.0.0.1', port: Number(port), name: 'bench.example', secure: false, ignoreTLS: true,
  maxConnections: Number(connections), maxMessages: Infinity,
});
const filled = (text, name, link) => text.replaceAll('{{name}}', name).replaceAll('{{link}}', link);

// Twice as many under way as there are connections: none runs dry, and not all mails are held at once.
async function worker(queue) {
  for (const [number, [address, name, link]] of queue) {
    await pool.sendMail({
      from: 'INTERKOMMUNALES.NRW <newsletter@interkommunales.example>',
      to: { name, address },
      envelope: { from: `bounces+${number}@lists.example`, to: [address] },
      subject: work.subject,
      messageId: `<${number}.bench@interkommunales.example>`,
      textEncoding: 'quoted-printable',
      text: filled(work.text, name, link),
      html: filled(work.html, name, link),
      headers: { 'List-Unsubscribe': `<${link}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' },
    });
  }
}

(async () => {
  const wall = process.hrtime.bigint(), cpu = process.cpuUsage();
  const queue = people.entries();
  await Promise.all(Array.from({ length: 2 * Number(connections) }, () => worker(queue)));
  const used = process.cpuUsage(cpu);
  console.log(JSON.stringify({
    wall: Number(process.hrtime.bigint() - wall) / 1e9, cpu: (used.user + used.system) / 1e6,
  }));
  pool.close();
})();
