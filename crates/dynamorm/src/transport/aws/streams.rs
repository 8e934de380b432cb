//! The client of streams, with its codec replaced as `direct` does it.

use super::direct::{Exchange, Slot, Swap};
use super::{failure, no_streams};
use crate::transport::{Failure, Operation, Request};
use aws_sdk_dynamodbstreams::Client;
use aws_smithy_runtime_api::client::interceptors::context::Output;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::SharedResponseDeserializer;
use aws_smithy_types::config_bag::FrozenLayer;
use bytes::Bytes;
use std::sync::OnceLock;

/// Sends a request's bytes, and gives the bytes of the response.
pub(super) async fn call(client: &Client, request: Request) -> Result<Bytes, Failure> {
    /// As `direct` has it, of the other client's types. Its endpoint rules read nothing of the input.
    macro_rules! exchange {
        ($call:expr, $module:ident, $operation:ident, $output:expr) => {{
            use aws_sdk_dynamodbstreams::operation::$module::$operation;
            static SDK: OnceLock<Option<FrozenLayer>> = OnceLock::new();
            let response = Slot::default();
            let swap = Swap(Exchange {
                target: concat!("DynamoDBStreams_20120810.", stringify!($operation)),
                body: request.body,
                response: response.clone(),
                sdk: || {
                    SDK.get_or_init(|| $operation::new().config())
                        .as_ref()?
                        .load::<SharedResponseDeserializer>()
                },
                output: || Output::erase($output.build()),
            });
            $call.customize().interceptor(swap).send().await.map_err(failure)?;
            response.take()
        }};
    }

    use aws_sdk_dynamodbstreams::operation::{
        describe_stream::DescribeStreamOutput, get_records::GetRecordsOutput,
        get_shard_iterator::GetShardIteratorOutput,
    };
    match request.operation {
        Operation::DescribeStream => {
            exchange!(
                client.describe_stream(),
                describe_stream,
                DescribeStream,
                DescribeStreamOutput::builder()
            )
        }
        Operation::GetShardIterator => {
            let call = client.get_shard_iterator();
            exchange!(call, get_shard_iterator, GetShardIterator, GetShardIteratorOutput::builder())
        }
        Operation::GetRecords => {
            exchange!(client.get_records(), get_records, GetRecords, GetRecordsOutput::builder())
        }
        _ => Err(no_streams()),
    }
}
