import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}

interface Workflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  jobs: Record<string, { uses?: string; needs?: string; steps?: Step[] }>;
}

const folder = '.github/workflows';
const workflow = (name: string) => parse(readFileSync(`${folder}/${name}`, 'utf8')) as Workflow;
const all = readdirSync(folder).map(workflow);
const stepsOf = ({ jobs }: Workflow) => Object.values(jobs).flatMap(({ steps = [] }) => steps);
const commandsOf = (name: string) => stepsOf(workflow(name)).map(({ run }) => run);

test('the workflow ci runs .ci/run', () => {
  expect(commandsOf('ci.yml').at(-1)).toBe('.ci/run');
});

test('the workflow ci has the Rust that the crates ask for', () => {
  const [, rust] = /^rust-version = "(.+)"$/m.exec(readFileSync('Cargo.toml', 'utf8')) ?? [];
  for (const name of ['ci.yml', 'release.yml']) {
    expect(commandsOf(name).join('\n')).toContain(`rustup default ${rust}`);
  }
});

test('every action of a workflow is pinned to a commit', () => {
  const actions = all.flatMap(stepsOf).flatMap(({ uses }) => uses ?? []);
  expect(actions).not.toEqual([]);
  expect(actions.filter((action) => !/^actions\/[\w-]+@[0-9a-f]{40}$/.test(action))).toEqual([]);
});

test('advisories are checked every day', () => {
  expect(workflow('audit.yml').on.schedule).toEqual([{ cron: expect.stringMatching(/^\d+ \d+ \* \* \*$/) }]);
  expect(commandsOf('audit.yml')).toEqual(
    expect.arrayContaining(['cargo deny --locked --workspace check', 'cargo audit', 'npm audit']),
  );
});

test('only a tag publishes, with provenance and without stored credentials in git', () => {
  const publishing = all.filter((one) => stepsOf(one).some(({ run }) => run?.includes('npm publish')));
  expect(publishing).toEqual([workflow('release.yml')]);
  expect(workflow('release.yml').on).toEqual({ push: { tags: ['v*'] } });
  expect(workflow('release.yml').jobs.publish?.needs).toBe('ci');
  expect(commandsOf('release.yml')).toContain('npm publish --provenance');
  for (const one of all) {
    expect(one.permissions).toEqual({ contents: 'read' });
    const checkouts = stepsOf(one).filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.map((step) => step.with?.['persist-credentials'])).toEqual(checkouts.map(() => false));
  }
});
