"""`{{ text|retold }}`: a sentence that was kept in English, in the reader's language."""

from django import template

from curation.retold import retold

register = template.Library()
register.filter("retold", retold)
