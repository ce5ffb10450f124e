using DurableTask.Core.History;
using Newtonsoft.Json.Linq;

namespace Larder.Host.Durable;

/// <summary>A history as the storage provider gives it: a list of events whose classes only <c>EventType</c> tells.</summary>
internal static class HistoryJson
{
    public static IList<HistoryEvent> Read(string json) => [.. JArray.Parse(json).OfType<JObject>().Select(Event)];

    private static HistoryEvent Event(JObject json)
    {
        var name = json[nameof(HistoryEvent.EventType)]!.ToObject<EventType>().ToString();
        var type = typeof(HistoryEvent).Assembly.GetType($"{typeof(HistoryEvent).Namespace}.{name}Event")
            ?? typeof(HistoryEvent).Assembly.GetType($"{typeof(HistoryEvent).Namespace}.{name}", throwOnError: true)!;
        return (HistoryEvent)json.ToObject(type)!;
    }
}
