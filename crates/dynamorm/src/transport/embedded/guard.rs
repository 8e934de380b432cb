//! What the engine must not see, and the stack that it needs for the rest.
//!
//! The engine reads and evaluates expressions by recursion, and does not keep DynamoDB's limits on them: without this check, a
//! long row of parentheses would overflow the stack, which ends the process. Start at [`check`].

use crate::limits::{EXPRESSION_BYTES, EXPRESSION_OPERATORS, STATEMENT_BYTES};
use crate::transport::ServiceError;
use dynoxide::actions::batch_execute_statement::BatchExecuteStatementRequest;
use dynoxide::actions::batch_get_item::BatchGetItemRequest;
use dynoxide::actions::batch_write_item::BatchWriteItemRequest;
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::delete_item::DeleteItemRequest;
use dynoxide::actions::delete_table::DeleteTableRequest;
use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::describe_table::DescribeTableRequest;
use dynoxide::actions::execute_statement::ExecuteStatementRequest;
use dynoxide::actions::execute_transaction::ExecuteTransactionRequest;
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::put_item::PutItemRequest;
use dynoxide::actions::query::QueryRequest;
use dynoxide::actions::scan::ScanRequest;
use dynoxide::actions::search_vectors::SearchVectorsRequest;
use dynoxide::actions::transact_get_items::TransactGetItemsRequest;
use dynoxide::actions::transact_write_items::{TransactWriteItem, TransactWriteItemsRequest};
use dynoxide::actions::update_item::UpdateItemRequest;
use dynoxide::actions::update_table::UpdateTableRequest;
use dynoxide::actions::update_time_to_live::UpdateTimeToLiveRequest;

/// Levels that parentheses may be nested. DynamoDB names no limit; people who write conditions stay far below it.
const DEPTH: usize = 300;

/// Bytes of stack for a request without expressions. An unoptimized build needs 0.2 MB, and 0.4 MB for values nested as deeply
/// as JSON is read.
const STACK: usize = 1024 * 1024;

/// Bytes of stack for one level of an expression. An unoptimized build needs 4 to 8 KB.
const STACK_PER_LEVEL: usize = 16 * 1024;

/// Bytes of stack that a request needs whose expressions have this many levels: about 60 fit into the 2 MB that a thread of
/// Tokio's has, and at most 600 levels, 10.4 MB, are let through.
pub(super) const fn stack(levels: usize) -> usize {
    STACK + levels * STACK_PER_LEVEL
}

/// Which expressions a request holds, under their names.
pub(super) trait Expressions {
    /// Shows each expression.
    fn expressions(&self) -> impl Iterator<Item = (Kind, &str)>;
}

/// The parameter that holds an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Condition,
    Filter,
    KeyCondition,
    Projection,
    SearchCondition,
    Update,
    /// A whole PartiQL statement.
    Statement,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Condition => "ConditionExpression",
            Kind::Filter => "FilterExpression",
            Kind::KeyCondition => "KeyConditionExpression",
            Kind::Projection => "ProjectionExpression",
            Kind::SearchCondition => "SearchConditionExpression",
            Kind::Update => "UpdateExpression",
            Kind::Statement => "Statement",
        }
    }

    fn bytes(self) -> usize {
        match self {
            Kind::Statement => STATEMENT_BYTES,
            _ => EXPRESSION_BYTES,
        }
    }
}

impl Expressions for GetItemRequest {
    fn expressions(&self) -> impl Iterator<Item = (Kind, &str)> {
        some(Kind::Projection, self.projection_expression.as_deref())
    }
}

impl Expressions for PutItemRequest {
    fn expressions(&self) -> impl Iterator<Item = (Kind, &str)> {
        some(Kind::Condition, self.condition_expression.as_deref())
    }
}

impl Expressions for UpdateItemRequest {
    fn expressions(&self) -> impl Iterator<Item = (Kind, &str)> {
        some(Kind::Update, self.update_expression.as_deref())
            .chain(some(Kind::Condition, self.condition_expression.as_deref()))
    }
}

impl Expressions for DeleteItemRequest {
    fn expressions(&self) -> impl Iterator<Item = (Kind, &str)> {
        some(Kind::Condition, self.condition_expression.as_deref())
    }
}

impl Expressions for QueryRequest {
    fn expressions(&self) -> impl Iterator<Item = (Kind, &str)> {
        some(Kind::KeyCondition, self.key_condition_expression.as_deref())
            .chain(some(Kind::Filter, self.filter_expression.as_deref()))
            .chain(some(Kind::Projection, self.projection_expression.as_deref()))
    }
}

impl Expressions for ScanRequest {
    fn expressions(&self) -> impl Iterator<Item = (Kind, &str)> {
        some(Kind::Filter, self.filter_expression.as_deref())
            .chain(some(Kind::Projection, self.projection_expression.as_deref()))
    }
}

impl Expressions for SearchVectorsRequest {
    fn expressions(&self) -> impl Iterator<Item = (Kind, &str)> {
        some(Kind::SearchCondition, self.search_condition_expression.as_deref())
            .chain(some(Kind::Projection, self.projection_expression.as_deref()))
    }
}

impl Expressions for BatchGetItemRequest {
    fn expressions(&self) -> impl Iterator<Item = (Kind, &str)> {
        let tables = self.request_items.values();
        tables.flat_map(|keys| some(Kind::Projection, keys.projection_expression.as_deref()))
    }
}

impl Expressions for TransactGetItemsRequest {
    fn expressions(&self) -> impl Iterator<Item = (Kind, &str)> {
        let items = self.transact_items.iter();
        items.flat_map(|item| some(Kind::Projection, item.get.projection_expression.as_deref()))
    }
}

impl Expressions for ExecuteStatementRequest {
    fn expressions(&self) -> impl Iterator<Item = (Kind, &str)> {
        some(Kind::Statement, Some(&self.statement))
    }
}

impl Expressions for BatchExecuteStatementRequest {
    fn expressions(&self) -> impl Iterator<Item = (Kind, &str)> {
        self.statements.iter().flat_map(|one| some(Kind::Statement, Some(&one.statement)))
    }
}

impl Expressions for ExecuteTransactionRequest {
    fn expressions(&self) -> impl Iterator<Item = (Kind, &str)> {
        self.transact_statements.iter().flat_map(|one| some(Kind::Statement, Some(&one.statement)))
    }
}

impl Expressions for TransactWriteItemsRequest {
    fn expressions(&self) -> impl Iterator<Item = (Kind, &str)> {
        self.transact_items.iter().flat_map(of_operation)
    }
}

fn of_operation(item: &TransactWriteItem) -> impl Iterator<Item = (Kind, &str)> {
    let put = item.put.as_ref().and_then(|put| put.condition_expression.as_deref());
    let delete = item.delete.as_ref().and_then(|delete| delete.condition_expression.as_deref());
    let check = item.condition_check.as_ref().map(|check| check.condition_expression.as_str());
    let condition = item.update.as_ref().and_then(|update| update.condition_expression.as_deref());
    let update = item.update.as_ref().map(|update| update.update_expression.as_str());
    [put, delete, check, condition]
        .into_iter()
        .flat_map(|text| some(Kind::Condition, text))
        .chain(some(Kind::Update, update))
}

fn some(kind: Kind, text: Option<&str>) -> impl Iterator<Item = (Kind, &str)> {
    text.map(|text| (kind, text)).into_iter()
}

/// Requests without expressions.
macro_rules! no_expressions {
    ($($request:ty),*) => {$(
        impl Expressions for $request {
            fn expressions(&self) -> impl Iterator<Item = (Kind, &str)> {
                std::iter::empty()
            }
        }
    )*};
}

no_expressions!(
    BatchWriteItemRequest,
    CreateTableRequest,
    DeleteTableRequest,
    DescribeStreamRequest,
    DescribeTableRequest,
    GetRecordsRequest,
    GetShardIteratorRequest,
    UpdateTableRequest,
    UpdateTimeToLiveRequest
);

/// Refuses expressions over a limit, and counts how many levels the engine may recurse for the others.
///
/// # Errors
///
/// DynamoDB's `ValidationException`.
pub(super) fn check(request: &impl Expressions) -> Result<usize, ServiceError> {
    let mut levels = 0;
    for (kind, text) in request.expressions() {
        let expression = measure(kind, text);
        let problem = if text.len() > kind.bytes() {
            format!("Expression size has exceeded the maximum allowed size; expression size: {}", text.len())
        } else if expression.operators > EXPRESSION_OPERATORS {
            format!("The expression contains too many operators; operator count: {}", expression.operators)
        } else if expression.depth > DEPTH {
            format!("The expression is nested too deeply; nesting levels: {}", expression.depth)
        } else {
            levels = levels.max(expression.depth + expression.operators);
            continue;
        };
        let name = kind.name();
        return Err(ServiceError::new("ValidationException", &format!("Invalid {name}: {problem}")));
    }
    Ok(levels)
}

struct Measure {
    /// Levels of parentheses.
    depth: usize,
    operators: usize,
}

/// Counts without a grammar: the engine says what is wrong with a text that is none. An expression has no quotes, so each
/// parenthesis and each sign is what it seems; of a statement, what stands in quotes is passed over.
fn measure(kind: Kind, text: &str) -> Measure {
    let mut found = Measure { depth: 0, operators: 0 };
    let (mut depth, mut betweens) = (0_usize, 0_usize);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        let (token, after) = rest.split_at(if word > 0 { word } else { first.len_utf8() });
        match token {
            "'" | "\"" if kind == Kind::Statement => {
                // A quote inside is doubled, which reads as two texts side by side.
                rest = after.split_once(token).map_or("", |(_, after)| after);
                continue;
            }
            "[" | "{" if kind == Kind::Statement => {
                depth += 1;
                found.depth = found.depth.max(depth);
            }
            "]" | "}" if kind == Kind::Statement => depth = depth.saturating_sub(1),
            "(" => {
                depth += 1;
                found.depth = found.depth.max(depth);
            }
            ")" => depth = depth.saturating_sub(1),
            // In an update, `=` assigns, and DynamoDB does not count it.
            "=" if kind == Kind::Update => {}
            // The second half of `<>`, `<=` and `>=` belongs to the first.
            "<" | ">" | "=" | "+" | "-" => {
                found.operators += 1;
                rest = after.strip_prefix(['>', '=']).unwrap_or(after);
                continue;
            }
            _ if is_any(token, &["NOT", "OR"]) => found.operators += 1,
            _ if is_any(token, &["BETWEEN"]) => {
                betweens += 1;
                found.operators += 1;
            }
            // `a BETWEEN b AND c` is one operator.
            _ if is_any(token, &["AND"]) && betweens > 0 => betweens -= 1,
            _ if is_any(token, &["AND"]) => found.operators += 1,
            // `IN (…)` and functions.
            _ if word > 0 && after.trim_start().starts_with('(') => found.operators += 1,
            _ => {}
        }
        rest = after;
    }
    found
}

/// Letters, digits, and what makes a word a name or a value instead of a keyword.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '#' | ':' | '.')
}

fn is_any(token: &str, keywords: &[&str]) -> bool {
    keywords.iter().any(|keyword| token.eq_ignore_ascii_case(keyword))
}
