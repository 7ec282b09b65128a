import { expect, test } from 'vitest';
import { repositoryOf } from '../../scripts/support/repository.mjs';

test('a release from GitHub Actions names the repository that it is built from', () => {
  const env = { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'shop/signals' };
  expect(repositoryOf(env)).toEqual({ type: 'git', url: 'git+https://github.com/shop/signals.git' });
});

test('a release from GitLab names the project that it is built from', () => {
  const env = { CI_PROJECT_URL: 'https://gitlab.com/shop/web/signals' };
  expect(repositoryOf(env)).toEqual({ type: 'git', url: 'git+https://gitlab.com/shop/web/signals.git' });
});

test('elsewhere there is no repository to name', () => {
  expect(repositoryOf({})).toBeUndefined();
});
