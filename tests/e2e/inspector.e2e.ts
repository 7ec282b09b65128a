import { axe } from './support/axe';
import { expect, test } from './support/test';

test('the inspector shows live what happens to the shopper in another tab', async ({
  context,
  server,
  shop,
}) => {
  const inspector = await context.newPage();
  await inspector.goto(`${server.origin}/inspector`);
  await shop.open();
  await shop.viewProducts('telescope');
  const shopper = await shop.domainUserId();

  await expect(inspector.getByLabel('Id', { exact: true })).toHaveValue(shopper);
  const views = inspector.getByRole('row', { name: /count_product_views/ });
  await expect(views).toContainText('1');
  const discount = inspector.locator('[data-intervention="discount"]');
  await expect(discount.getByRole('img', { name: 'does not hold' }).first()).toBeVisible();

  await shop.viewProducts('telescope', 'telescope', 'telescope');
  await expect(views).toContainText('4');
  await expect(discount).toContainText('delivered');
  await expect(discount.getByRole('img', { name: 'holds', exact: true }).first()).toBeVisible();
  await expect(discount).toContainText('ecom_attributes:count_product_views > 3 is 4');
  const published = inspector.locator('[data-kind="published"]');
  await expect(published).toContainText('discount v1');
  await expect(published).toContainText('Delivered to 1 open stream.');
  const contexts = inspector.getByRole('region', { name: 'Agentic contexts' });
  await expect(contexts.getByRole('heading', { name: 'shopping_now' })).toBeVisible();
  await expect(contexts).toContainText(/(product_view, .*?Telescope.*?){4}/s);
});

test('a criterion on an attribute that was never set says so, and why it reads as 0', async ({
  page,
  server,
}) => {
  const id = '218e8926-3858-431d-b2ed-66da03a1cbe5';
  await page.goto(`${server.origin}/inspector?key=domain_userid&id=${id}`);
  await expect(page.getByRole('row', { name: /count_product_views/ })).toContainText('0');
  await expect(page.locator('[data-intervention="discount"] .criteria')).toContainText(
    'ecom_attributes:count_product_views > 3 has no value (reading it returns the default 0)',
  );
  await expect(page.getByRole('region', { name: 'Agentic contexts' })).toContainText('No session is known');
});

test('a tester pushes an intervention, scripts a fault, moves the clock and resets from the inspector', async ({
  page,
  problems,
  server,
}) => {
  // Leaving the page ends its waiting for news.
  problems.expect(/ERR_ABORTED .*\/mock\/journal/);
  const id = '218e8926-3858-431d-b2ed-66da03a1cbe5';
  await page.goto(`${server.origin}/inspector?key=domain_userid&id=${id}`);
  const outcome = page.getByRole('status');

  await page.getByLabel('Attributes (JSON)').fill('{oops');
  await page.getByRole('button', { name: 'Push' }).click();
  await expect(outcome).toContainText('Attributes must be JSON');
  await page.getByLabel('Attributes (JSON)').fill('{"code": "SAVE10"}');
  await page.getByRole('button', { name: 'Push' }).click();
  await expect(outcome).toHaveText('No stream is open. The intervention waits for one.');
  await expect(page.locator('[data-kind="published"]')).toContainText('SAVE10');

  await page.getByLabel('What to break').selectOption('Answer the next 3 streams with status 503');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(outcome).toHaveText('The fault is active.');
  const refused = await fetch(`${server.origin}/api/v1/interventions?domain_userid=${id}`);
  expect(refused.status).toBe(503);

  await page.getByRole('button', { name: 'Move clock' }).click();
  await expect(outcome).toContainText("The server's time is");
  await page.getByRole('button', { name: 'Reset profiles' }).click();
  await expect(outcome).toHaveText('Profiles and interventions are reset.');
});

test('what shoppers send is shown as text', async ({ page, server }) => {
  const id = '218e8926-3858-431d-b2ed-66da03a1cbe5';
  const event = { e: 'pv', eid: '<img src=x onerror=alert(1)>', dtm: '<b>never</b>', duid: id };
  await fetch(`${server.origin}/com.snowplowanalytics.snowplow/tp2`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      schema: 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4',
      data: [event],
    }),
  });
  await page.goto(`${server.origin}/inspector?key=domain_userid&id=${id}`);
  const bad = page.locator('[data-kind="bad"]');
  await expect(bad).toContainText('dtm');
  await bad.getByText('Received data').click();
  await expect(bad.locator('pre')).toContainText('<img src=x onerror=alert(1)>');
  await expect(page.locator('img, b')).toHaveCount(0);
});

test('the inspector finds its way back to a server that restarts', async ({ page, problems, server }) => {
  const id = '218e8926-3858-431d-b2ed-66da03a1cbe5';
  await page.goto(`${server.origin}/inspector?key=domain_userid&id=${id}`);
  await server.push('before', id);
  await expect(page.locator('[data-kind="published"]')).toContainText('before v1');
  problems.expect(/mock\/(journal|state)|ERR_CONNECTION_REFUSED/);
  await server.stop();
  await expect(page.getByRole('alert')).toHaveText('The server does not answer.');
  await server.startAgain();
  await expect(page.getByRole('alert')).toBeHidden();
  await server.push('after', id);
  await expect(page.locator('[data-kind="published"]')).toContainText('after v1');
});

test('the inspector has no accessibility violations, with or without anything to show', async ({
  page,
  problems,
  server,
}) => {
  // Leaving the page ends its waiting for news.
  problems.expect(/ERR_ABORTED .*\/mock\/journal/);
  const id = '218e8926-3858-431d-b2ed-66da03a1cbe5';
  await page.goto(`${server.origin}/inspector`);
  expect(await axe(page)).toEqual([]);
  await server.push('discount', id);
  await page.goto(`${server.origin}/inspector?key=domain_userid&id=${id}`);
  await expect(page.locator('[data-kind="published"]')).toBeVisible();
  await expect(page.getByRole('row', { name: /total_cart_value/ })).toBeVisible();
  expect(await axe(page)).toEqual([]);
});

test('the inspector of a server that does not forward says nothing about it', async ({
  page,
  problems,
  server,
}) => {
  problems.expect(/ERR_ABORTED .*\/mock\/journal/);
  const answered = page.waitForResponse('**/mock/forwarding');
  await page.goto(`${server.origin}/inspector`);
  await (await answered).finished();
  await expect(page.getByRole('heading', { name: 'Forwarding' })).toBeHidden();
});
