using System.Diagnostics;
using System.Net;

namespace Larder.Registry.Tests;

/// <summary>What lies between the real client and the server: it counts requests for documents, answers some with 429 in the server's place, and loses answers.</summary>
internal sealed class CosmosNetwork : DelegatingHandler
{
    private readonly List<long> arrivals = [];
    private int toThrottle;
    private int toLose;
    private TimeSpan hint;

    public CosmosNetwork()
        : base(new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator })
    {
    }

    /// <summary>How many answers were lost.</summary>
    public int Lost { get; private set; }

    /// <summary>Requests for documents since the last <see cref="Forget"/>.</summary>
    public int Requests => arrivals.Count;

    /// <summary>The time between the first request for documents and the second.</summary>
    public TimeSpan FirstPause => Stopwatch.GetElapsedTime(arrivals[0], arrivals[1]);

    public void Forget() => arrivals.Clear();

    /// <summary>Answers the next requests for documents with 429 and a pause to wait.</summary>
    public void ThrottleNext(int requests, TimeSpan pause) => (toThrottle, hint) = (requests, pause);

    /// <summary>Loses the answer to the next writes: what was sent arrives and is done.</summary>
    public void LoseNext(int writes) => toLose = writes;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        if (!request.RequestUri!.AbsolutePath.Contains("/docs", StringComparison.Ordinal))
            return await base.SendAsync(request, cancellation);
        arrivals.Add(Stopwatch.GetTimestamp());
        if (toThrottle > 0)
        {
            toThrottle--;
            var throttled = new HttpResponseMessage(HttpStatusCode.TooManyRequests) { RequestMessage = request, Content = new StringContent("{}") };
            throttled.Headers.Add("x-ms-retry-after-ms", $"{hint.TotalMilliseconds}");
            throttled.Headers.Add("x-ms-substatus", "3200");
            return throttled;
        }

        var answer = await base.SendAsync(request, cancellation);
        if (toLose == 0 || request.Method == HttpMethod.Get)
            return answer;
        toLose--;
        Lost++;
        answer.Dispose();
        throw new HttpRequestException("The connection was closed before the answer came.");
    }
}
