using System.Diagnostics;
using System.Net;

namespace Larder.Registry.Tests.Storage.Cosmos;

/// <summary>What lies between the real client and the server: it counts requests for documents, answers some with 429 in the server's place, and loses answers.</summary>
internal sealed class CosmosNetwork : DelegatingHandler
{
    private readonly List<long> _arrivals = [];
    private int _toThrottle;
    private int _toLose;
    private TimeSpan _hint;

    public CosmosNetwork()
        : base(new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator })
    {
    }

    /// <summary>How many answers were lost.</summary>
    public int Lost { get; private set; }

    /// <summary>Requests for documents since the last <see cref="Forget"/>.</summary>
    public int Requests => _arrivals.Count;

    /// <summary>The time between the first request for documents and the second.</summary>
    public TimeSpan FirstPause => Stopwatch.GetElapsedTime(_arrivals[0], _arrivals[1]);

    public void Forget() => _arrivals.Clear();

    /// <summary>Answers the next requests for documents with 429 and a pause to wait.</summary>
    public void ThrottleNext(int requests, TimeSpan pause) => (_toThrottle, _hint) = (requests, pause);

    /// <summary>Loses the answer to the next writes: what was sent arrives and is done.</summary>
    public void LoseNext(int writes) => _toLose = writes;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!request.RequestUri!.AbsolutePath.Contains("/docs", StringComparison.Ordinal))
            return await base.SendAsync(request, cancellationToken);
        _arrivals.Add(Stopwatch.GetTimestamp());
        if (_toThrottle > 0)
        {
            _toThrottle--;
            var throttled = new HttpResponseMessage(HttpStatusCode.TooManyRequests) { RequestMessage = request, Content = new StringContent("{}") };
            throttled.Headers.Add("x-ms-retry-after-ms", $"{_hint.TotalMilliseconds}");
            throttled.Headers.Add("x-ms-substatus", "3200");
            return throttled;
        }

        var answer = await base.SendAsync(request, cancellationToken);
        if (_toLose == 0 || request.Method == HttpMethod.Get)
            return answer;
        _toLose--;
        Lost++;
        answer.Dispose();
        throw new HttpRequestException("The connection was closed before the answer came.");
    }
}
