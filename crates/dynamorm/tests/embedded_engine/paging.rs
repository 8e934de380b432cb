//! Pages: none is lost or repeated, and none costs more than another.

use super::*;

pub(crate) fn query(pk: &str) -> Value {
    json!({
        "TableName": "app", "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": { ":pk": { "S": pk } },
    })
}

/// Puts items 0 to `count` into partition `pk`.
async fn fill(engine: &Embedded, pk: &str, count: usize) {
    let numbers: Vec<_> = (0..count).collect();
    for chunk in numbers.chunks(25) {
        let puts: Vec<_> = chunk.iter().map(|sk| json!({ "PutRequest": { "Item": key(pk, *sk) } })).collect();
        let batch = json!({ "RequestItems": { "app": puts } });
        send(engine, Operation::BatchWriteItem, batch).await.unwrap();
    }
}

/// Reads a partition page by page: of each page, its size and how long it took.
pub(crate) async fn pages(engine: &Embedded, mut query: Value) -> Vec<(usize, Duration)> {
    let mut pages = Vec::new();
    loop {
        let begin = Instant::now();
        let page = send(engine, Operation::Query, query.clone()).await.unwrap();
        pages.push((usize::try_from(page["Count"].as_u64().unwrap()).unwrap(), begin.elapsed()));
        match &page["LastEvaluatedKey"] {
            Value::Null => return pages,
            next => query["ExclusiveStartKey"] = next.clone(),
        }
    }
}

// DYNAMORM_TEST_ITEMS=300000 makes it so large that the fault shows in the times, which are compared then.
#[tokio::test(flavor = "multi_thread")]
async fn each_page_of_a_large_partition_costs_the_same() {
    let asked = std::env::var("DYNAMORM_TEST_ITEMS").ok();
    let items = asked.as_deref().map_or(30_000, |items| items.parse().unwrap());
    let engine = engine_with_table().await;
    let begin = Instant::now();
    fill(&engine, "a", items).await;
    println!("{items} items put in {:?}", begin.elapsed());
    let begin = Instant::now();
    let pages = pages(&engine, query("a")).await;
    println!("{} pages read in {:?}", pages.len(), begin.elapsed());
    assert_eq!(pages.iter().map(|(count, _)| count).sum::<usize>(), items);
    // The last page is empty: the one before it ends exactly where the partition ends.
    let full = &pages[..pages.len() - 1];
    assert_eq!(full.len(), items / 1_000);
    assert!(full.iter().all(|(count, _)| *count == 1_000));
    let median = |pages: &[(usize, Duration)]| {
        let mut times: Vec<_> = pages.iter().map(|(_, time)| *time).collect();
        times.sort();
        times[times.len() / 2]
    };
    let tenth = full.len() / 10;
    let (first, last) = (median(&full[..tenth]), median(&full[full.len() - tenth..]));
    println!("a page takes {first:?} at first and {last:?} at last");
    // Times are for whoever asks for them; each page having its limit is what keeps them flat, and is checked above.
    if asked.is_some() {
        assert!(first < last * 5 && last < first * 5, "{first:?} at first, {last:?} at last");
    }
}

#[tokio::test]
async fn a_limit_over_a_thousand_is_lowered_and_a_smaller_one_kept() {
    let engine = engine_with_table().await;
    fill(&engine, "a", 1_500).await;
    let counts = async |limit: usize| -> Vec<usize> {
        let mut query = query("a");
        query["Limit"] = json!(limit);
        pages(&engine, query).await.into_iter().map(|(count, _)| count).collect()
    };
    assert_eq!(counts(1_400).await, [1_000, 500]);
    assert_eq!(counts(600).await, [600, 600, 300]);
}

#[tokio::test]
async fn a_filtered_page_says_what_it_evaluated() {
    let engine = engine_with_table().await;
    fill(&engine, "a", 1_001).await;
    send(&engine, Operation::PutItem, put("a", 1_000)).await.unwrap();
    let mut query = query("a");
    query["FilterExpression"] = json!("attribute_exists(#t)");
    query["ExpressionAttributeNames"] = json!({ "#t": "text" });
    let page = send(&engine, Operation::Query, query.clone()).await.unwrap();
    assert_eq!((page["Count"].as_u64(), page["ScannedCount"].as_u64()), (Some(0), Some(1_000)));
    assert_eq!(page["LastEvaluatedKey"], key("a", 999));
    query["ExclusiveStartKey"] = page["LastEvaluatedKey"].clone();
    let page = send(&engine, Operation::Query, query).await.unwrap();
    assert_eq!((page["Count"].as_u64(), page["ScannedCount"].as_u64()), (Some(1), Some(1)));
    assert_eq!(page["LastEvaluatedKey"], Value::Null);
}

// The engine pages through equal index keys by the table's own keys.
#[tokio::test]
async fn pages_of_an_index_neither_lose_nor_repeat_items_of_one_key() {
    let engine = Embedded::memory().unwrap();
    let mut table = table();
    table["AttributeDefinitions"].as_array_mut().unwrap().push(json!({
        "AttributeName": "team", "AttributeType": "S",
    }));
    table["GlobalSecondaryIndexes"] = json!([{
        "IndexName": "team-index",
        "KeySchema": [{ "AttributeName": "team", "KeyType": "HASH" }],
        "Projection": { "ProjectionType": "ALL" },
    }]);
    send(&engine, Operation::CreateTable, table).await.unwrap();
    for sk in 0..1_250 {
        for pk in ["a", "b"] {
            let mut put = put(pk, sk);
            put["Item"]["team"] = json!({ "S": "one" });
            send(&engine, Operation::PutItem, put).await.unwrap();
        }
    }
    for forward in [true, false] {
        let mut query = json!({
            "TableName": "app", "IndexName": "team-index", "ScanIndexForward": forward,
            "KeyConditionExpression": "team = :team",
            "ExpressionAttributeValues": { ":team": { "S": "one" } },
        });
        let mut found = std::collections::HashSet::new();
        let mut counts = Vec::new();
        loop {
            let page = send(&engine, Operation::Query, query.clone()).await.unwrap();
            counts.push(page["Count"].as_u64().unwrap());
            for item in page["Items"].as_array().unwrap() {
                assert!(found.insert(format!("{}{}", item["pk"], item["sk"])));
            }
            match &page["LastEvaluatedKey"] {
                Value::Null => break,
                next => query["ExclusiveStartKey"] = next.clone(),
            }
        }
        assert_eq!(counts, [1_000, 1_000, 500]);
        assert_eq!(found.len(), 2_500);
    }
}

#[tokio::test]
async fn a_scan_and_a_statement_evaluate_a_thousand_items_at_most() {
    let engine = engine_with_table().await;
    fill(&engine, "a", 1_100).await;
    let page = send(&engine, Operation::Scan, json!({ "TableName": "app" })).await.unwrap();
    assert_eq!(page["ScannedCount"], 1_000);
    assert_ne!(page["LastEvaluatedKey"], Value::Null);
    let all = json!({ "Statement": "SELECT * FROM app" });
    let mut page = send(&engine, Operation::ExecuteStatement, all.clone()).await.unwrap();
    assert_eq!(page["Items"].as_array().unwrap().len(), 1_000);
    let mut next = all;
    next["NextToken"] = page["NextToken"].take();
    let page = send(&engine, Operation::ExecuteStatement, next).await.unwrap();
    assert_eq!(page["Items"].as_array().unwrap().len(), 100);
    assert_eq!(page["NextToken"], Value::Null);
}
