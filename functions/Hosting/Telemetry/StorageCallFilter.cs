using System.Diagnostics;
using OpenTelemetry;

namespace Larder.Functions.Hosting.Telemetry;

/// <summary>
/// Leaves two kinds of spans out of traces: calls of Azure's libraries that belong to no request or invocation (the durable engine looks into its queues several
/// times a second, and renews its leases), and the HTTP request inside a call that Azure's libraries trace themselves.
/// </summary>
internal sealed class StorageCallFilter : BaseProcessor<Activity>
{
    private const string HttpSource = "System.Net.Http";
    private const string AzureSources = "Azure.";

    public override void OnStart(Activity data)
    {
        var isAzure = IsAzure(data);
        var isHttp = data.Source.Name == HttpSource;
        if (!isAzure && !isHttp)
            return;
        var isLeftOut = data.Parent is { } parent
            ? !parent.Recorded || isHttp && IsAzure(parent)
            : data.ParentSpanId == default;
        if (!isLeftOut)
            return;
        data.IsAllDataRequested = false;
        data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }

    private static bool IsAzure(Activity activity) => activity.Source.Name.StartsWith(AzureSources, StringComparison.Ordinal);
}
