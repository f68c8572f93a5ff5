// The peer: npm's mjml, warm and in process, on the MJML given on standard input. Prints one JSON line.
const path = require('path');
const modules = process.argv[2];
const runs = Number(process.argv[3]);
const mjml2html = require(path.join(modules, 'mjml')).default || require(path.join(modules, 'mjml'));
const source = require('fs').readFileSync(0, 'utf8');

async function once() {
  const start = process.hrtime.bigint();
  const result = await mjml2html(source, { validationLevel: 'soft', keepComments: true });
  if (!result.html) throw new Error('no HTML came out');
  return Number(process.hrtime.bigint() - start) / 1e9;
}

(async () => {
  const first = await once();
  for (let i = 0; i < 5; i += 1) await once();
  const times = [];
  for (let i = 0; i < runs; i += 1) times.push(await once());
  console.log(JSON.stringify({ first, times }));
})();
