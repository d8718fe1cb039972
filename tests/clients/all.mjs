// Every check here, one after the other: `node all.mjs URL`, or `npm test -- URL`.
import { spawnSync } from 'node:child_process';

const CHECKS = ['audit', 'apollo-client', 'urql', 'relay', 'codegen', 'federation'];
const failed = CHECKS.filter((check) => {
  const run = spawnSync(process.execPath, [`${check}.mjs`, ...process.argv.slice(2)], { cwd: import.meta.dirname, stdio: 'inherit', timeout: 300_000 });
  if (run.error) console.error(`${check}: ${run.error.message}`);
  return run.status !== 0;
});
if (failed.length > 0) console.error(`FAILED: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
