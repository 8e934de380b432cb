import os

from pynamodb.attributes import BooleanAttribute, ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.models import Model

from measure import ENDPOINT, REGION, measure

os.environ.update(AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="secret")


class Address(MapAttribute):
    street = UnicodeAttribute()
    city = UnicodeAttribute()
    zip = NumberAttribute()


class User(Model):
    class Meta:
        table_name = "app"
        host = ENDPOINT
        region = REGION

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    email = UnicodeAttribute()
    name = UnicodeAttribute()
    tenant_id = UnicodeAttribute()
    created_at = UnicodeAttribute()
    revision = NumberAttribute()
    credits = NumberAttribute()
    score = NumberAttribute()
    active = BooleanAttribute()
    roles = ListAttribute(of=UnicodeAttribute)
    address = Address()
    tags = UnicodeSetAttribute()


measure(lambda: list(User.query("TENANT#acme-0001", User.sk.startswith("USER#"))), lambda user: user.save())
