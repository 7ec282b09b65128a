// Where a CI run says that it builds from: npm's provenance holds only if package.json names that same repository
// (https://docs.npmjs.com/generating-provenance-statements).

/**
 * The `repository` of package.json, from the variables that GitHub Actions or GitLab CI/CD sets; those two can sign provenance.
 * @param {NodeJS.ProcessEnv} env
 * @returns {{type: 'git', url: string} | undefined} nothing outside of them
 */
export function repositoryOf({ GITHUB_SERVER_URL, GITHUB_REPOSITORY, CI_PROJECT_URL }) {
  const page =
    GITHUB_SERVER_URL && GITHUB_REPOSITORY ? `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}` : CI_PROJECT_URL;
  return page ? { type: 'git', url: `git+${page}.git` } : undefined;
}
