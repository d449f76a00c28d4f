"""Pages of the API's lists by key: the last page costs what the first does, and a new row shifts nothing."""

from rest_framework.pagination import CursorPagination


class ByKey(CursorPagination):
    """Newest first, 50 rows, at most 200 by ?page_size=; a view may set another ordering by an indexed key."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering = "-pk"
