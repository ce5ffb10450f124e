using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace Larder.Host.App;

/// <summary>Functions that say what they do.</summary>
public sealed class Functions(Journal journal, IConfiguration settings)
{
    /// <summary>Never ends when the setting Hang says so.</summary>
    [Function("Take")]
    public async Task TakeAsync([BlobTrigger("%Uploads%/{name}")] string blob, string name, FunctionContext context)
    {
        await journal.WriteAsync($"began {name} '{blob}' try {context.RetryContext.RetryCount}");
        if (settings.GetValue<bool>("Hang"))
            await Task.Delay(Timeout.Infinite);
        await journal.WriteAsync($"ended {name}");
    }

    /// <summary>Every hour.</summary>
    [Function("Tick")]
    public Task TickAsync([TimerTrigger("0 0 * * * *")] TimerInfo timer) => journal.WriteAsync($"tick, past due: {timer.IsPastDue}");
}
