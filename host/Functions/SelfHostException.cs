namespace Larder.Host;

/// <summary>The application cannot start. The message is all that a user gets to see: a sentence that says what is wrong and what to do.</summary>
internal sealed class SelfHostException(string message, Exception? innerException = null) : Exception(message, innerException);
