using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

// What the same request costs with no model behind it: Kestrel, one route, the body parsed into
// floats and written back. Larder cannot be faster than this; how near it comes is what is measured.

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.UseUrls("http://127.0.0.1:0");
await using var app = builder.Build();

app.MapPost("/api/v1/models/iris/prediction", Echo);
await app.StartAsync();
Console.WriteLine($"Host started: {app.Urls.Single()}");
await app.WaitForShutdownAsync();

static async Task Echo(HttpContext context)
{
    var reader = context.Request.BodyReader;
    var read = await reader.ReadAsync(context.RequestAborted);
    while (!read.IsCompleted)
    {
        reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        read = await reader.ReadAsync(context.RequestAborted);
    }

    var numbers = ArrayPool<float>.Shared.Rent(1024);
    try
    {
        var count = Parse(read.Buffer, numbers);
        reader.AdvanceTo(read.Buffer.End);
        if (count < 0)
        {
            context.Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
            return;
        }

        context.Response.ContentType = "application/json";
        Write(context.Response.BodyWriter, numbers.AsSpan(0, count));
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }
    finally
    {
        ArrayPool<float>.Shared.Return(numbers);
    }
}

// The numbers in the body, whatever their nesting; -1 when it is not JSON, or more than fit.
static int Parse(ReadOnlySequence<byte> body, Span<float> numbers)
{
    var json = new Utf8JsonReader(body);
    var count = 0;
    try
    {
        while (json.Read())
        {
            if (json.TokenType != JsonTokenType.Number)
                continue;
            if (count == numbers.Length)
                return -1;
            numbers[count++] = json.GetSingle();
        }
        return count;
    }
    catch (JsonException)
    {
        return -1;
    }
}

static void Write(PipeWriter writer, ReadOnlySpan<float> numbers)
{
    using var json = new Utf8JsonWriter(writer);
    json.WriteStartObject();
    json.WriteStartArray("values");
    foreach (var number in numbers)
        json.WriteNumberValue(number);
    json.WriteEndArray();
    json.WriteEndObject();
}
