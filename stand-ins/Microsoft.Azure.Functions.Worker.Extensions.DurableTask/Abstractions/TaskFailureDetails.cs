using System.Reflection;

namespace Microsoft.DurableTask;

/// <summary>How an activity or an orchestration failed.</summary>
/// <param name="ErrorType">The exception's type: full name, with namespace.</param>
/// <param name="ErrorMessage">The exception's message.</param>
/// <param name="StackTrace">Where it was thrown.</param>
/// <param name="InnerFailure">What caused it.</param>
/// <param name="Properties">More about it, by name.</param>
public record TaskFailureDetails(
    string ErrorType,
    string ErrorMessage,
    string? StackTrace,
    TaskFailureDetails? InnerFailure,
    IDictionary<string, object?>? Properties)
{
    /// <summary>Another attempt cannot end otherwise: there is no such function.</summary>
    internal bool IsFinal { get; init; }

    /// <summary>The details of an exception and of what caused it.</summary>
    public static TaskFailureDetails FromException(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var inner = exception is TaskFailedException failed
            ? failed.FailureDetails
            : exception.InnerException is { } cause ? FromException(cause) : null;
        return new(exception.GetType().ToString(), exception.Message, exception.StackTrace, inner, null);
    }

    /// <summary>Whether the exception was a <typeparamref name="T"/>, or of a type derived from it. False when its type is not to be found here.</summary>
    public bool IsCausedBy<T>() where T : Exception => IsCausedBy(typeof(T));

    /// <summary>Whether the exception was of a type, or of one derived from it. False when its type is not to be found here.</summary>
    /// <exception cref="ArgumentException">The type is not an exception's.</exception>
    /// <exception cref="AmbiguousMatchException">Several loaded types have the exception's name.</exception>
    public bool IsCausedBy(Type targetBaseExceptionType)
    {
        ArgumentNullException.ThrowIfNull(targetBaseExceptionType);
        if (!typeof(Exception).IsAssignableFrom(targetBaseExceptionType))
            throw new ArgumentException($"{targetBaseExceptionType} is not an exception type.", nameof(targetBaseExceptionType));
        return FindType(targetBaseExceptionType.Assembly) is { } type && targetBaseExceptionType.IsAssignableFrom(type);
    }

    /// <summary>Type and message.</summary>
    public override string ToString() => $"{ErrorType}: {ErrorMessage}";

    private Type? FindType(Assembly likely)
    {
        if (string.IsNullOrEmpty(ErrorType))
            return null;
        if ((Type.GetType(ErrorType) ?? likely.GetType(ErrorType)) is { } found)
            return found;
        var candidates = AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetType(ErrorType)).OfType<Type>().ToList();
        return candidates.Count <= 1
            ? candidates.FirstOrDefault()
            : throw new AmbiguousMatchException($"There are {candidates.Count} types called '{ErrorType}'.");
    }
}
