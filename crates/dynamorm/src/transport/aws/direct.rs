//! The client's codec, replaced for one call.
//!
//! The client looks up the serializer and the deserializer of a call in that call's configuration. An interceptor of the
//! call may write there before it begins: [`Swap`] puts ours in their place. All between them stays the client's: endpoint
//! rules, credentials, signing, retries, timeouts, and the reading of error responses, by which it decides on retries.
//! Start at [`call`]; how a response's bytes are taken is in `aws`.

use super::{body_bytes, failure};
use crate::transport::{Failure, Operation, Request};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::error::{BoxError, BuildError};
use aws_sdk_dynamodb::types::{Delete, Get, KeysAndAttributes, TransactGetItem, TransactWriteItem};
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, Error, Input, Output,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse, SerializeRequest, SharedRequestSerializer, SharedResponseDeserializer,
};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer};
use bytes::Bytes;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Sends a request's bytes, and gives the bytes of the response.
pub(in crate::transport) async fn call(client: &Client, request: Request) -> Result<Bytes, Failure> {
    /// Makes the call of one operation with its codec swapped. Only the names differ between operations, and the types
    /// behind them: the client panics on an output of any other type than the operation's own.
    macro_rules! exchange {
        ($call:expr, $module:ident, $operation:ident, $output:ident) => {{
            use aws_sdk_dynamodb::operation::$module::{$operation, $output};
            static SDK: OnceLock<Option<FrozenLayer>> = OnceLock::new();
            let response = Slot::default();
            let swap = Swap(Exchange {
                target: concat!("DynamoDB_20120810.", stringify!($operation)),
                body: request.body,
                response: response.clone(),
                sdk: || {
                    SDK.get_or_init(|| $operation::new().config())
                        .as_ref()?
                        .load::<SharedResponseDeserializer>()
                },
                output: || Output::erase($output::builder().build()),
            });
            $call.customize().interceptor(swap).send().await.map_err(failure)?;
            response.take()
        }};
    }

    // The typed input holds what the client's endpoint rules read, the tables, and nothing else.
    let tables = request.tables;
    let table = tables.first().cloned();
    match request.operation {
        Operation::GetItem => {
            exchange!(client.get_item().set_table_name(table), get_item, GetItem, GetItemOutput)
        }
        Operation::PutItem => {
            exchange!(client.put_item().set_table_name(table), put_item, PutItem, PutItemOutput)
        }
        Operation::UpdateItem => {
            exchange!(client.update_item().set_table_name(table), update_item, UpdateItem, UpdateItemOutput)
        }
        Operation::DeleteItem => {
            exchange!(client.delete_item().set_table_name(table), delete_item, DeleteItem, DeleteItemOutput)
        }
        Operation::Query => {
            exchange!(client.query().set_table_name(table), query, Query, QueryOutput)
        }
        Operation::Scan => exchange!(client.scan().set_table_name(table), scan, Scan, ScanOutput),
        Operation::SearchVectors => {
            let call = client.search_vectors().set_table_name(table);
            exchange!(call, search_vectors, SearchVectors, SearchVectorsOutput)
        }
        Operation::BatchGetItem => {
            let keys = tables.into_iter().map(|table| Ok((table, no_keys()?))).collect::<Result<_, _>>();
            let call = client.batch_get_item().set_request_items(Some(keys.map_err(unbuilt)?));
            exchange!(call, batch_get_item, BatchGetItem, BatchGetItemOutput)
        }
        Operation::TransactGetItems => {
            let items = tables.into_iter().map(transact_get).collect::<Result<_, _>>().map_err(unbuilt)?;
            let call = client.transact_get_items().set_transact_items(Some(items));
            exchange!(call, transact_get_items, TransactGetItems, TransactGetItemsOutput)
        }
        // The endpoint rules read no table of a statement.
        Operation::ExecuteStatement => {
            exchange!(client.execute_statement(), execute_statement, ExecuteStatement, ExecuteStatementOutput)
        }
        Operation::BatchExecuteStatement => {
            exchange!(
                client.batch_execute_statement(),
                batch_execute_statement,
                BatchExecuteStatement,
                BatchExecuteStatementOutput
            )
        }
        Operation::ExecuteTransaction => {
            exchange!(
                client.execute_transaction(),
                execute_transaction,
                ExecuteTransaction,
                ExecuteTransactionOutput
            )
        }
        Operation::BatchWriteItem => {
            let requests = tables.into_iter().map(|table| (table, Vec::new())).collect();
            let call = client.batch_write_item().set_request_items(Some(requests));
            exchange!(call, batch_write_item, BatchWriteItem, BatchWriteItemOutput)
        }
        Operation::TransactWriteItems => {
            let items = tables.into_iter().map(transact_write).collect::<Result<_, _>>().map_err(unbuilt)?;
            let call = client.transact_write_items().set_transact_items(Some(items));
            exchange!(call, transact_write_items, TransactWriteItems, TransactWriteItemsOutput)
        }
        Operation::CreateTable => {
            exchange!(
                client.create_table().set_table_name(table),
                create_table,
                CreateTable,
                CreateTableOutput
            )
        }
        Operation::DescribeTable => {
            let call = client.describe_table().set_table_name(table);
            exchange!(call, describe_table, DescribeTable, DescribeTableOutput)
        }
        Operation::DeleteTable => {
            exchange!(
                client.delete_table().set_table_name(table),
                delete_table,
                DeleteTable,
                DeleteTableOutput
            )
        }
        Operation::UpdateTable => {
            let call = client.update_table().set_table_name(table);
            exchange!(call, update_table, UpdateTable, UpdateTableOutput)
        }
        // They have a client of their own.
        Operation::DescribeStream | Operation::GetShardIterator | Operation::GetRecords => {
            Err(super::no_streams())
        }
        Operation::UpdateTimeToLive => {
            let call = client.update_time_to_live().set_table_name(table);
            exchange!(call, update_time_to_live, UpdateTimeToLive, UpdateTimeToLiveOutput)
        }
    }
}

/// Names the member that the client demands and was not given.
fn unbuilt(error: BuildError) -> Failure {
    Failure::Refused(error.to_string())
}

/// What a batch asks of a table, of which the endpoint rules read the name alone.
fn no_keys() -> Result<KeysAndAttributes, BuildError> {
    KeysAndAttributes::builder().set_keys(Some(Vec::new())).build()
}

/// An operation of a transaction that tells its table, for the endpoint rules.
fn transact_get(table: String) -> Result<TransactGetItem, BuildError> {
    let get = Get::builder().table_name(table).set_key(Some(HashMap::new())).build()?;
    Ok(TransactGetItem::builder().get(get).build())
}

/// The same of a transaction that writes.
fn transact_write(table: String) -> Result<TransactWriteItem, BuildError> {
    let delete = Delete::builder().table_name(table).set_key(Some(HashMap::new())).build()?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// Where the response's body waits for the call to end.
///
/// Each attempt overwrites what the one before it left.
#[derive(Clone, Default)]
pub(super) struct Slot(Arc<Mutex<Option<Bytes>>>);

impl Slot {
    fn put(&self, body: Option<Bytes>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body;
    }

    pub(super) fn take(&self) -> Result<Bytes, Failure> {
        // Empty if an interceptor turned a failed attempt into a success: then there is an output, but no body of it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(|| {
            Failure::NoResponse(
                "an interceptor answered in DynamoDB's place, which `Aws::compat` understands".into(),
            )
        })
    }
}

/// One operation's bytes, there and back: serializer and deserializer of one call.
#[derive(Clone)]
pub(super) struct Exchange {
    pub(super) target: &'static str,
    pub(super) body: Bytes,
    pub(super) response: Slot,
    /// The client's own deserializer of the operation.
    pub(super) sdk: fn() -> Option<&'static SharedResponseDeserializer>,
    /// An empty output of the type that the client expects.
    pub(super) output: fn() -> Output,
}

/// The target alone: the client may log what it finds in a configuration, and bodies hold values.
impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("target", &self.target).finish_non_exhaustive()
    }
}

impl SerializeRequest for Exchange {
    fn serialize_input(&self, _input: Input, _cfg: &mut ConfigBag) -> Result<HttpRequest, BoxError> {
        let mut request = HttpRequest::new(SdkBody::from(self.body.clone()));
        request.set_method("POST")?;
        let headers = request.headers_mut();
        headers.insert("content-type", "application/x-amz-json-1.0");
        headers.insert("x-amz-target", self.target);
        headers.insert("content-length", self.body.len().to_string());
        Ok(request)
    }
}

impl DeserializeResponse for Exchange {
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        cfg: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        if response.status().is_success() {
            self.response.put(Some(body_bytes(response.body())));
            return Ok((self.output)());
        }
        self.response.put(None);
        let Some(sdk) = (self.sdk)() else {
            return Err(OrchestratorError::other("the client has no deserializer for this operation"));
        };
        sdk.deserialize_nonstreaming_with_config(response, cfg)
    }
}

/// Puts an [`Exchange`] in the place of a call's codec.
#[derive(Debug)]
pub(super) struct Swap(pub(super) Exchange);

#[dyn_dispatch_hint]
impl Intercept for Swap {
    fn name(&self) -> &'static str {
        "dynamorm"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let state = cfg.interceptor_state();
        state.store_put(SharedRequestSerializer::new(self.0.clone()));
        state.store_put(SharedResponseDeserializer::new(self.0.clone()));
        Ok(())
    }
}
