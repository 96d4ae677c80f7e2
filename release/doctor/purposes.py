"""What each variable and each secret of the workflows is for, and whether a project can do without it."""

from typing import NamedTuple


class Purpose(NamedTuple):
    """`text`: what the value is; `is_optional`: what needs it is left out without it."""

    text: str
    is_optional: bool = False


PURPOSES = {
    "AWS_ACCESS_KEY_ID": Purpose("of whoever may write to the store and read the data"),
    "AWS_SECRET_ACCESS_KEY": Purpose("the secret of that key"),
    "DVC_READ_ACCESS_KEY_ID": Purpose(
        "of somebody who may read the data and nothing else: code of pull requests sees it"
    ),
    "DVC_READ_SECRET_ACCESS_KEY": Purpose("the secret of that key"),
    "RELEASE_STORE": Purpose("the bucket of the versions, such as s3://models; no folder, a runner's disk is lost"),
    "AWS_REGION": Purpose("the region of the bucket", is_optional=True),
    "AWS_ENDPOINT_URL": Purpose("the address of a store that is not Amazon's", is_optional=True),
    "RELEASE_SERVICE_URL": Purpose("the services that a deploy waits for, with commas between", is_optional=True),
    "RELEASE_SERVICE_KEY": Purpose("a key of theirs with the role watch", is_optional=True),
    "RELEASE_WEBHOOK_URL": Purpose("who is told of a rollback", is_optional=True),
    "RELEASE_SIGNING_KEY": Purpose("the private key of `release key`, once keys/ has its public one", is_optional=True),
    "RELEASE_ATTEST": Purpose("`true`: GitHub attests where a bundle comes from", is_optional=True),
}

_OWN = Purpose("of a workflow of your own")


def find_purpose(name: str) -> Purpose:
    """Find what a variable or a secret is for; what the template does not know, a workflow of the project reads."""
    return PURPOSES.get(name, _OWN)
