{{ union_sources('implications') }}
