using System.Globalization;
using Larder.Host.Configuration;
using Larder.Host.Functions;
using Larder.Host.Invocation;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Larder.Host.Hosting;

/// <summary>What every invocation of one host shares.</summary>
internal sealed class FunctionHost : IDisposable
{
    /// <summary>
    /// How long requests may go on undisturbed while the host stops, before their tokens are signalled. The rest of the host's shutdown
    /// time is for their answers.
    /// </summary>
    public static readonly TimeSpan RequestGrace = TimeSpan.FromSeconds(10);

    private const string DrainSetting = "SelfHost:DrainDelay";

    private const string FunctionTimeoutKey = "functionTimeout";

    // How the Functions host sends telemetry of its own; here all of it is the application's.
    private const string TelemetryModeKey = "telemetryMode";

    /// <summary>What is read of host.json's values that stand in no section.</summary>
    public static readonly HostJsonKeys Keys = new("", [HostJsonFile.VersionKey, FunctionTimeoutKey], Replaced: [TelemetryModeKey]);

    private readonly CancellationTokenSource _requestsStopping;

    public FunctionHost(IServiceProvider services, SingletonTypes singletons, IConfiguration configuration, IHostApplicationLifetime lifetime, TimeProvider time)
    {
        (Services, Singletons) = (services, singletons);
        FunctionTimeout = new HostJsonReader(configuration).Time(FunctionTimeoutKey);
        DrainDelay = ReadDelay(configuration[DrainSetting]);
        Stopping = lifetime.ApplicationStopping;
        _requestsStopping = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        RequestsStopping = _requestsStopping.Token;
        lifetime.ApplicationStopping.Register(() => _requestsStopping.CancelAfter(DrainDelay + RequestGrace));
    }

    /// <summary>The application's services outside any scope.</summary>
    public IServiceProvider Services { get; }

    /// <summary>Which of them are the same in every scope.</summary>
    public SingletonTypes Singletons { get; }

    /// <summary>How long a function may run before its token is signalled; null when there is no limit.</summary>
    public TimeSpan? FunctionTimeout { get; }

    /// <summary>How long the host goes on to take requests after it was asked to stop: as long as a load balancer needs to see that it is not ready any more.</summary>
    public TimeSpan DrainDelay { get; }

    /// <summary>Signalled when the host begins to stop.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Signalled some time after the host began to stop, to end the requests that are left: <see cref="DrainDelay"/> and <see cref="RequestGrace"/>.</summary>
    public CancellationToken RequestsStopping { get; }

    public void Dispose() => _requestsStopping.Dispose();

    private static TimeSpan ReadDelay(string? text) =>
        string.IsNullOrEmpty(text) ? TimeSpan.Zero
        : TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var delay) && delay >= TimeSpan.Zero && delay <= TimeSpan.FromMinutes(10) ? delay
        : throw new SelfHostException($"The setting '{DrainSetting}' must be a time from 00:00:00 to 00:10:00; it is '{text}'.");
}

/// <summary>How far the host has come.</summary>
internal sealed class HostPhase
{
    private volatile bool _started;

    /// <summary>Whether everything has started.</summary>
    public bool Started
    {
        get => _started;
        set => _started = value;
    }
}
