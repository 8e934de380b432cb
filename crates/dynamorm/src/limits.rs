//! Every number that DynamoDB imposes, with its unit and the page that states it.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>

/// Size of one item, names and values together, in bytes.
pub const ITEM_BYTES: usize = 409_600;

/// Size of a partition key's value, in bytes.
pub const PARTITION_KEY_BYTES: usize = 2_048;

/// Size of a sort key's value, in bytes.
pub const SORT_KEY_BYTES: usize = 1_024;

/// Writes that one BatchWriteItem takes.
pub const BATCH_WRITE_ITEMS: usize = 25;

/// Operations that one TransactWriteItems takes.
pub const TRANSACT_WRITE_ITEMS: usize = 100;

/// Size of the items of one TransactWriteItems, together, in bytes.
pub const TRANSACT_WRITE_BYTES: usize = 4 * 1024 * 1024;

/// Keys that one BatchGetItem takes.
pub const BATCH_GET_ITEMS: usize = 100;

/// Items that one TransactGetItems takes.
pub const TRANSACT_GET_ITEMS: usize = 100;

/// Statements that one BatchExecuteStatement takes.
pub const BATCH_STATEMENTS: usize = 25;

/// Statements that one ExecuteTransaction takes.
pub const TRANSACT_STATEMENTS: usize = 100;

/// Length of one PartiQL statement, in bytes.
pub const STATEMENT_BYTES: usize = 8_192;

/// Length of one expression, in bytes.
pub const EXPRESSION_BYTES: usize = 4_096;

/// Operators and functions that one expression may have.
pub const EXPRESSION_OPERATORS: usize = 300;

/// Operands that `IN` takes.
pub const IN_OPERANDS: usize = 100;

/// Segments that a parallel scan may have.
pub const SCAN_SEGMENTS: u32 = 1_000_000;

/// Levels that lists and maps may be nested in one attribute.
pub const NESTING_DEPTH: usize = 32;

/// Significant digits of a number.
pub const NUMBER_DIGITS: usize = 38;

/// Items that one SearchVectors gives.
pub const SEARCH_RESULTS: usize = 100;

/// Numbers that the vector of a vector index may have.
pub const VECTOR_DIMENSIONS: usize = 4_096;

/// Vector indexes that one table may have.
pub const VECTOR_INDEXES: usize = 5;

/// Records that one GetRecords gives.
///
/// See [GetRecords](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html).
pub const STREAM_RECORDS: usize = 1_000;

/// GetRecords of one shard in a second.
pub const STREAM_READS_PER_SECOND: u64 = 5;

/// Size of one BatchWriteItem request, in bytes.
pub const REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// A number with its thousands set apart, as errors have it: `409,600`.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
