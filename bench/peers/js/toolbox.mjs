import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { Entity, PutItemCommand, QueryCommand, Table, boolean, item, list, map, number, set, string } from 'dynamodb-toolbox'
import { client, measure } from './measure.mjs'

const table = new Table({
  name: 'app',
  documentClient: DynamoDBDocumentClient.from(client),
  partitionKey: { name: 'pk', type: 'string' },
  sortKey: { name: 'sk', type: 'string' }
})

const User = new Entity({
  name: 'user',
  table,
  entityAttribute: false,
  timestamps: false,
  schema: item({
    pk: string().key(),
    sk: string().key(),
    email: string(),
    name: string(),
    tenant_id: string(),
    created_at: string(),
    revision: number(),
    credits: number(),
    score: number(),
    active: boolean(),
    roles: list(string()),
    address: map({ street: string(), city: string(), zip: number() }),
    tags: set(string())
  })
})

await measure(
  async () => {
    const query = table.build(QueryCommand).query({ partition: 'TENANT#acme-0001', range: { beginsWith: 'USER#' } })
    const { Items } = await query.entities(User).options({ entityAttrFilter: false }).send()
    return Items
  },
  user => User.build(PutItemCommand).item(user).send()
)
