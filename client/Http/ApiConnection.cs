using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Larder.Contracts;

namespace Larder.Client.Http;

/// <summary>Sends requests to one server, and makes exceptions of its refusals.</summary>
internal sealed class ApiConnection(HttpClient http, LarderClientOptions options)
{
    /// <summary>Reads a document.</summary>
    public Task<T> GetAsync<T>(ApiPath path, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(new ApiRequest(HttpMethod.Get, path), type, cancellationToken);

    /// <summary>Sends a request and reads its answer.</summary>
    /// <exception cref="LarderException">The server refused it, or cannot be reached.</exception>
    public async Task<T> SendAsync<T>(ApiRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var limit = new Limit(request.TakesLong ? Timeout.InfiniteTimeSpan : options.Timeout, options.TimeProvider, cancellationToken);
        using var answer = await OpenAsync(request, limit, cancellationToken);
        try
        {
            await using var body = await answer.Content.ReadAsStreamAsync(limit.Token);
            return await JsonSerializer.DeserializeAsync(body, type, limit.Token) switch
            {
                // Every answer of Larder's own API begins with it, and another program's JSON has none.
                null or Answer { HttpStatus: null } => throw new JsonException("no http_status"),
                { } value => value,
            };
        }
        catch (JsonException e)
        {
            throw new LarderException($"The answer of {http.BaseAddress} is not one of Larder's: is it the right address?", answer.StatusCode, ErrorAnswer.RequestId(answer), inner: e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw BrokenOff(e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw TooSlow(e);
        }
    }

    /// <summary>Sends a request whose answer is a file or a stream.</summary>
    /// <returns>The answer, with a status of success and its body unread.</returns>
    public async Task<HttpResponseMessage> OpenAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        using var limit = new Limit(Timeout.InfiniteTimeSpan, options.TimeProvider, cancellationToken);
        return await OpenAsync(request, limit, cancellationToken);
    }

    /// <summary>Writes a file that the server sends to a stream.</summary>
    public async Task DownloadAsync(ApiPath path, Stream destination, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        using var answer = await OpenAsync(new ApiRequest(HttpMethod.Get, path) { TakesLong = true }, cancellationToken);
        Stream body;
        try
        {
            body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw BrokenOff(e);
        }
        await using (body)
        {
            var buffer = new byte[128 * 1024];
            for (long total = 0; ;)
            {
                int read;
                try
                {
                    read = await body.ReadAsync(buffer, cancellationToken);
                }
                catch (Exception e) when (e is IOException or HttpRequestException)
                {
                    throw BrokenOff(e);
                }
                if (read == 0)
                    return;
                // Outside the try: a full disk is not the server's fault.
                await destination.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                progress?.Report(total += read);
            }
        }
    }

    /// <summary>A body of JSON.</summary>
    public static HttpContent Json<T>(T value, JsonTypeInfo<T> type) => new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, type))
    {
        Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
    };

    private async Task<HttpResponseMessage> OpenAsync(ApiRequest request, Limit limit, CancellationToken cancellationToken)
    {
        using var message = request.ToMessage();
        HttpResponseMessage answer;
        try
        {
            answer = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        }
        catch (HttpRequestException e)
        {
            throw new LarderException($"{http.BaseAddress} cannot be reached: {Innermost(e).Message}", inner: e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw TooSlow(e);
        }
        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
            throw await ErrorAnswer.ReadAsync(answer, options.TimeProvider, limit.Token);
    }

    private LarderException TooSlow(Exception e) => new($"{http.BaseAddress} did not answer within {options.Timeout.TotalSeconds:0} seconds.", inner: e);

    private LarderException BrokenOff(Exception e) => new($"The connection to {http.BaseAddress} broke off: {Innermost(e).Message}", inner: e);

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;

    /// <summary>The caller's cancellation, or the end of the time that one answer may take.</summary>
    private sealed class Limit : IDisposable
    {
        private readonly CancellationTokenSource _time;
        private readonly CancellationTokenSource _either;

        public Limit(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
        {
            _time = new CancellationTokenSource(timeout, time);
            _either = CancellationTokenSource.CreateLinkedTokenSource(_time.Token, cancellationToken);
        }

        public CancellationToken Token => _either.Token;

        public void Dispose()
        {
            _either.Dispose();
            _time.Dispose();
        }
    }
}
