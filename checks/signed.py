"""Requests to an S3 server that no command of varlake makes: credentials that a policy narrows (the AssumeRole that MinIO has at its port for S3), policies of buckets, and lists of uploads."""
import datetime
import hashlib
import hmac
import json
import os
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as xml

from objects import ENDPOINT

REGION = os.environ.get("AWS_REGION", "us-east-1")


def signed(service, method, path, query="", body=b"", content_type="application/octet-stream"):
    """The answer to a request signed by Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {"content-type": content_type, "host": urllib.parse.urlsplit(ENDPOINT).netloc, "x-amz-content-sha256": hashlib.sha256(body).hexdigest(), "x-amz-date": now}
    names, scope = ";".join(headers), f"{now[:8]}/{REGION}/{service}/aws4_request"
    canonical = "\n".join([method, path, query, *(f"{k}:{v}" for k, v in headers.items()), "", names, headers["x-amz-content-sha256"]])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in (*scope.split("/"), to_sign):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
    with urllib.request.urlopen(urllib.request.Request(f"{ENDPOINT}{path}?{query}", body, headers, method=method)) as answer:
        return answer.read()


def open_uploads(bucket, key):
    """How many multipart uploads of a key were begun, and neither completed nor aborted. The key must be exact: MinIO lists none by prefix."""
    query = f"prefix={urllib.parse.quote(key, safe='')}&uploads="
    answer = xml.fromstring(signed("s3", "GET", f"/{bucket}", query))
    return sum(e.tag.split("}")[-1] == "Upload" for e in answer.iter())


def session(policy):
    """Environment with the credentials of a session that may do what the policy allows, and no more; None where the server has no such sessions."""
    form = {"Action": "AssumeRole", "Version": "2011-06-15", "DurationSeconds": "3600", "Policy": json.dumps(policy)}
    try:
        answer = signed("sts", "POST", "/", body=urllib.parse.urlencode(form).encode(), content_type="application/x-www-form-urlencoded")
    except urllib.error.HTTPError as e:
        print(f"AssumeRole: {e.code}")
        return None
    found = {e.tag.split("}")[-1]: e.text for e in xml.fromstring(answer).iter()}
    return {"AWS_ACCESS_KEY_ID": found["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"], "AWS_SESSION_TOKEN": found["SessionToken"]}


def allow_anyone(bucket, actions):
    """Gives a bucket the policy that anyone may do this in it."""
    statement = {"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": actions, "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}
    signed("s3", "PUT", f"/{bucket}", "policy=", json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode())
