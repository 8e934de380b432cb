import boto3
from boto3.dynamodb.conditions import Key

from measure import ENDPOINT, REGION, measure

table = boto3.resource(
    "dynamodb", endpoint_url=ENDPOINT, region_name=REGION, aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret"
).Table("app")
condition = Key("pk").eq("TENANT#acme-0001") & Key("sk").begins_with("USER#")

measure(lambda: table.query(KeyConditionExpression=condition)["Items"], lambda user: table.put_item(Item=user))
