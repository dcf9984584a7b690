"""What an operator does to a deployment: ``python -m app.admin``.

It runs where the operator is, with the operator's credentials. The broker's Lambda
package leaves this folder out, and nothing of the broker imports it.
"""
