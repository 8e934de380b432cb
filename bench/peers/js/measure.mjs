// What all programs here share: the client, and the CPU time of this process for each of so many pages and puts.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'

const [endpoint, pages, puts] = process.argv.slice(2)

export const client = new DynamoDBClient({
  endpoint,
  region: 'eu-central-1',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }
})

async function each(times, work) {
  for (let n = 0; n < times / 5; n++) await work()
  const start = process.cpuUsage()
  for (let n = 0; n < times; n++) await work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / times
}

// `page` gives users, and `put` writes the one that it is given.
export async function measure(page, put) {
  let user
  const page_us = await each(Number(pages), async () => {
    const users = await page()
    if (users.length !== 100) throw new Error(`${users.length} users`)
    user = users[1]
  })
  const put_us = await each(Number(puts), () => put(user))
  console.log(JSON.stringify({ page_us, put_us }).replaceAll(':', ': '))
}
