using System.Linq.Expressions;
using System.Reflection;
using Larder.Host.Functions;
using Larder.Host.Invocation;
using Larder.Host.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Timers;

/// <summary>Owns <see cref="TimerTriggerAttribute"/>.</summary>
internal sealed class TimerExtension(
    IConfiguration settings, HostStorage storage, TimeProvider clock, IHostApplicationLifetime lifetime, ILoggerFactory logging) : ITriggerExtension
{
    private const string TimeZoneSetting = "WEBSITE_TIME_ZONE";

    /// <inheritdoc/>
    public Type AttributeType => typeof(TimerTriggerAttribute);

    /// <inheritdoc/>
    public ITriggerBinding Bind(HostFunction function)
    {
        var trigger = (TimerTriggerAttribute)function.Trigger;
        try
        {
            var schedule = new TimerSchedule(SettingReferences.Fill(trigger.Schedule, settings), GetTimeZone());

            // Asked for here, so that a missing connection is an error of the start.
            _ = storage.Container;
            return new TimerBinding(dispatcher => new TimerListener(
                function, dispatcher, schedule, storage, clock, lifetime, logging.CreateLogger("Host.Triggers.Timer")));
        }
        catch (FormatException error)
        {
            throw function.Error($"parameter '{function.TriggerParameter.Name}': {error.Message}");
        }
    }

    // In Azure this setting moves the clock of the whole machine; here it moves the schedules'.
    private TimeZoneInfo GetTimeZone()
    {
        if (settings[TimeZoneSetting] is not { Length: > 0 } id)
            return TimeZoneInfo.Utc;
        return TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone)
            ? zone
            : throw new FormatException($"the setting '{TimeZoneSetting}' is '{id}', which is no time zone of this machine, such as 'Europe/Berlin'.");
    }
}

/// <summary>Gives a timer's function its <see cref="TimerInfo"/>.</summary>
internal sealed class TimerBinding(Func<FunctionDispatcher, IFunctionListener> createListener) : ITriggerBinding
{
    /// <inheritdoc/>
    public string Type => "timerTrigger";

    /// <inheritdoc/>
    public Expression? BindParameter(ParameterInfo parameter, Expression context) =>
        parameter.ParameterType == typeof(TimerInfo)
            ? Expression.Convert(Expression.Property(context, nameof(HostFunctionContext.TriggerData)), typeof(TimerInfo))
            : null;

    /// <inheritdoc/>
    public IFunctionListener CreateListener(FunctionDispatcher dispatcher) => createListener(dispatcher);
}
