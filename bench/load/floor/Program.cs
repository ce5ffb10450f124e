using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Text.Json;
using Larder.Bench.Floor;
using Microsoft.AspNetCore.Server.Kestrel.Core;

// What the same requests cost with no model behind them: Kestrel and one route for each kind of request. Larder cannot be faster than this; how near it comes is what is measured.
var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = null);
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.Listen(IPAddress.Loopback, 0);
    kestrel.Listen(IPAddress.Loopback, 0, grpc => grpc.Protocols = HttpProtocols.Http2);
});
await using var app = builder.Build();

app.MapPost("/api/v1/models/iris/prediction", Echo);
app.MapPost("/bytes", Count);
app.MapPost("/bare", Bare);
app.MapPost("/busy", Busy);
app.MapGet("/allocated", () => GC.GetTotalAllocatedBytes(precise: true).ToString(CultureInfo.InvariantCulture));
app.MapGrpcService<EchoService>();
await app.StartAsync();
Console.WriteLine($"  gRPC: {app.Urls.Last()}");
Console.WriteLine($"Host started: {app.Urls.First()}");
await app.WaitForShutdownAsync();

// The body whole in memory, and an answer of a few bytes.
static async Task Count(HttpContext context)
{
    var body = await ReadAsync(context);
    var length = body.Length;
    context.Request.BodyReader.AdvanceTo(body.End);
    context.Response.ContentType = "application/json";
    await context.Response.WriteAsync(length.ToString(CultureInfo.InvariantCulture), context.RequestAborted);
}

// What any answer costs: the body is read and not looked at.
static async Task Bare(HttpContext context)
{
    context.Request.BodyReader.AdvanceTo((await ReadAsync(context)).End);
    context.Response.ContentType = "application/json";
    context.Response.ContentLength = Answer.Length;
    await context.Response.BodyWriter.WriteAsync(Answer, context.RequestAborted);
}

// The body is read and not looked at, and a processor is busy for some time before the answer.
static async Task Busy(HttpContext context, double milliseconds)
{
    context.Request.BodyReader.AdvanceTo((await ReadAsync(context)).End);
    var began = Stopwatch.GetTimestamp();
    while (Stopwatch.GetElapsedTime(began).TotalMilliseconds < milliseconds)
    {
    }

    context.Response.ContentType = "application/json";
    context.Response.ContentLength = Answer.Length;
    await context.Response.BodyWriter.WriteAsync(Answer, context.RequestAborted);
}

static async ValueTask<ReadOnlySequence<byte>> ReadAsync(HttpContext context)
{
    var reader = context.Request.BodyReader;
    var read = await reader.ReadAsync(context.RequestAborted);
    while (!read.IsCompleted)
    {
        reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        read = await reader.ReadAsync(context.RequestAborted);
    }

    return read.Buffer;
}

static async Task Echo(HttpContext context)
{
    var body = await ReadAsync(context);
    var numbers = ArrayPool<float>.Shared.Rent(1024);
    try
    {
        var count = Parse(body, numbers);
        context.Request.BodyReader.AdvanceTo(body.End);
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

internal static partial class Program
{
    private static readonly byte[] Answer = """{"values":[0]}"""u8.ToArray();
}
