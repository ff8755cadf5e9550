"""
HTTP as every connector uses it: retried, bounded, counted, and only to addresses that were declared.

Import from the modules, so that `okr check` loads no HTTP library:

    network     what a user writes about the network, as fields of a Connection model
    client      Transport: a `requests` session for client libraries, and our own calls
    policy      how long, how often, how much; the clock that tests replace
    bucket      one token bucket a credential, shared by everything in the process
    redaction   hide(): what is secret, out of any text
"""
