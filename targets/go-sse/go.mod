module connrig.example/go-sse

go 1.24
