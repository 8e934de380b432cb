import { Entity } from 'electrodb'
import { client, measure } from './measure.mjs'

const User = new Entity(
  {
    model: { entity: 'user', version: '1', service: 'bench' },
    attributes: {
      pk: { type: 'string' },
      sk: { type: 'string' },
      email: { type: 'string' },
      name: { type: 'string' },
      tenant_id: { type: 'string' },
      created_at: { type: 'string' },
      revision: { type: 'number' },
      credits: { type: 'number' },
      score: { type: 'number' },
      active: { type: 'boolean' },
      roles: { type: 'list', items: { type: 'string' } },
      address: {
        type: 'map',
        properties: { street: { type: 'string' }, city: { type: 'string' }, zip: { type: 'number' } }
      },
      tags: { type: 'set', items: 'string' }
    },
    indexes: { primary: { pk: { field: 'pk', composite: ['pk'], template: '${pk}', casing: 'none' }, sk: { field: 'sk', composite: ['sk'], template: '${sk}', casing: 'none' } } }
  },
  { client, table: 'app' }
)

await measure(
  // The items were not written by it, and do not name their entity.
  async () => (await User.query.primary({ pk: 'TENANT#acme-0001' }).begins({ sk: 'USER#' }).go({ ignoreOwnership: true })).data,
  user => User.put(user).go({ response: 'none' })
)
